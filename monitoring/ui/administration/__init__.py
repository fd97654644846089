"""The parts of the Administration page: patients, the site's settings, accounts."""
