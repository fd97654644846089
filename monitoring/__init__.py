"""Post-infusion toxicity monitoring: facts in, graded courses out. Decision support, not a medical device."""

__version__ = "0.1.0"
