"""Every enumeration of the domain.

Values are the spellings of the contract, so a value read from a file, stored, and printed is one and the
same word. Labels for people live beside the screens, never here: a rule compares members, not sentences.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Syndrome(StrEnum):
    """What a grading system grades."""

    CRS = "crs"
    ICANS = "icans"
    ICAHT = "icaht"


class Status(StrEnum):
    """Standing of a fact, after FHIR Observation.status."""

    FINAL = "final"
    PRELIMINARY = "preliminary"
    AMENDED = "amended"
    CORRECTED = "corrected"
    ENTERED_IN_ERROR = "entered-in-error"
    CANCELLED = "cancelled"


RETRACTED = frozenset({Status.ENTERED_IN_ERROR, Status.CANCELLED})
"""A fact with one of these never grades, and retracts what carries its record id."""


class AbsentReason(StrEnum):
    """Why a value was asked for and is not there. None of them means normal."""

    NOT_TAKEN = "not-taken"
    REFUSED = "refused"
    UNABLE = "unable"
    ASLEEP = "asleep"
    LANGUAGE = "language"


class Sex(StrEnum):
    """Administrative sex as charted."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNKNOWN = "unknown"


class CourseStep(StrEnum):
    """Steps of a treatment beside infusions and places, and the end of monitoring here."""

    COLLECTION = "collection"
    MANUFACTURING = "manufacturing"
    PRODUCT_RECEIVED = "product-received"
    LYMPHODEPLETION = "lymphodepletion"
    MONITORING_ENDED = "monitoring-ended"
    MONITORING_RESUMED = "monitoring-resumed"


class Reporter(StrEnum):
    """Who said it."""

    PATIENT = "patient"
    CAREGIVER = "caregiver"
    NURSE = "nurse"
    PHYSICIAN = "physician"
    OTHER = "other"


class Severity(IntEnum):
    """The five severities of a symptom report."""

    NONE = 0
    MILD = 1
    MODERATE = 2
    SEVERE = 3
    LIFE_THREATENING = 4


class OxygenDevice(StrEnum):
    """How oxygen is given, in the words of the contract."""

    ROOM_AIR = "room_air"
    NASAL_CANNULA = "nasal_cannula"
    BLOW_BY = "blow_by"
    HFNC = "hfnc"
    SIMPLE_MASK = "simple_mask"
    NON_REBREATHER = "non_rebreather"
    VENTURI = "venturi"
    CPAP = "cpap"
    BIPAP = "bipap"
    MECHANICAL_VENTILATION = "mechanical_ventilation"


class OxygenReason(StrEnum):
    """Why oxygen is given; only hypoxia counts towards CRS (clinical.md a.2)."""

    HYPOXIA = "hypoxia"
    AIRWAY_PROTECTION_NEURO = "airway_protection_neuro"
    HOME_SLEEP_APNOEA = "home_sleep_apnoea"
    BASELINE_HOME_OXYGEN = "baseline_home_oxygen"
    COMFORT = "comfort"


class DrugClass(StrEnum):
    """What a drug does to a grade. A drug of no class is stored and drawn, and grades nothing."""

    VASOPRESSOR = "vasopressor"
    VASOPRESSIN = "vasopressin"
    INOTROPE = "inotrope"
    ANTIPYRETIC = "antipyretic"
    ANTICYTOKINE = "anticytokine"
    CORTICOSTEROID = "corticosteroid"
    SEDATIVE = "sedative"
    NEUROMUSCULAR_BLOCKER = "neuromuscular_blocker"
    NONE = "none"


class AdministrationAction(StrEnum):
    """What one row of a drug chart says about an order."""

    INTERVAL = "interval"
    START = "start"
    DOSE_CHANGE = "dose_change"
    STOP = "stop"
    GIVEN = "given"


class NeuroTool(StrEnum):
    """Cognitive score used at the bedside."""

    ICE = "ICE"
    CAPD = "CAPD"


class Consciousness(StrEnum):
    """How the patient wakes (ASTCT ICANS table, row Depressed level of consciousness)."""

    AWAKE = "awake"
    AWAKENS_TO_VOICE = "awakens_to_voice"
    AWAKENS_TO_TOUCH = "awakens_to_touch"
    NEEDS_VIGOROUS_STIMULUS = "needs_vigorous_stimulus"
    UNAROUSABLE = "unarousable"


class Seizure(StrEnum):
    """Seizure row of the ASTCT ICANS table."""

    NONE = "none"
    BRIEF_RESOLVED = "brief_resolved"
    EEG_NONCONVULSIVE_RESOLVED = "eeg_nonconvulsive_resolved"
    PROLONGED_OVER_5MIN = "prolonged_over_5min"
    REPETITIVE_NO_RECOVERY = "repetitive_no_recovery"


class Motor(StrEnum):
    """Motor row; mild focal weakness is not in the published table and never grades."""

    NONE = "none"
    MILD_FOCAL = "mild_focal"
    DEEP_FOCAL_WEAKNESS = "deep_focal_weakness"


class Icp(StrEnum):
    """Raised intracranial pressure or cerebral oedema row."""

    NONE = "none"
    FOCAL_EDEMA = "focal_edema"
    DIFFUSE_EDEMA = "diffuse_edema"
    POSTURING = "posturing"
    CN6_PALSY = "cn6_palsy"
    PAPILLEDEMA = "papilledema"
    CUSHING_TRIAD = "cushing_triad"


class Sign(StrEnum):
    """What a clinician may attribute to a cause."""

    FEVER = "fever"
    HYPOTENSION = "hypotension"
    HYPOXIA = "hypoxia"
    CONSCIOUSNESS = "consciousness"


class Cause(StrEnum):
    """The cause a sign is attributed to."""

    CRS = "crs"
    ICANS = "icans"
    OTHER = "other"


class Role(StrEnum):
    """Who looks at a screen. A display is a screen on a wall that nobody stands before."""

    NURSE = "nurse"
    PHYSICIAN = "physician"
    CAREGIVER = "caregiver"
    DATA_MANAGER = "data-manager"
    ADMIN = "admin"
    DISPLAY = "display"


class Scope(StrEnum):
    """What a service token opens."""

    INGEST_WRITE = "ingest:write"
    EXPORT_READ = "export:read"
    METRICS_READ = "metrics:read"


class Answer(IntEnum):
    """What a criterion answers."""

    NO = 0
    UNKNOWN = 1
    YES = 2


class Flag(StrEnum):
    """Remarks that travel with a grade; names fixed by the contract."""

    BEFORE_DOCUMENTED_WINDOW = "before_documented_window"
    AFTER_DOCUMENTED_WINDOW = "after_documented_window"
    SECOND_INFUSION_WINDOW = "second_infusion_window"
    NO_INFUSION_RECORDED = "no_infusion_recorded"
    FEVER_NOT_REQUIRED = "fever_not_required"
    FEVER_MAY_BE_MASKED = "fever_may_be_masked"
    ATTRIBUTED_ELSEWHERE = "attributed_elsewhere"
    ATTRIBUTION_NEEDED = "attribution_needed"
    NOT_GRADABLE_SEDATED = "not_gradable_sedated"
    NOT_GRADABLE_DRUG_CAUSE = "not_gradable_drug_cause"
    NOT_GRADABLE_LANGUAGE = "not_gradable_language"
    ASSESSMENT_NOT_DONE = "assessment_not_done"
    UNCHANGED_FROM_BASELINE = "unchanged_from_baseline"
    BELOW_BASELINE = "below_baseline"
    INOTROPE_NOT_COUNTED = "inotrope_not_counted"
    OXYGEN_NOT_FOR_HYPOXIA = "oxygen_not_for_hypoxia"
    HYPOTENSION_BELOW_AGE_THRESHOLD = "hypotension_below_age_threshold"
    HYPOTENSION_RELATIVE_TO_BASELINE = "hypotension_relative_to_baseline"
    HAEMORRHAGE_EXCLUDED = "haemorrhage_excluded"
    LATE_NEUROTOXICITY_NOT_ICANS = "late_neurotoxicity_not_icans"
    LOOK_FOR_INFECTION = "look_for_infection"
    CONSIDER_IEC_HS = "consider_iec_hs"
    SYMPTOM_GRADE_EXCEEDS_PUBLISHED = "symptom_grade_exceeds_published"
    STALE = "stale"
    CHANGED_AFTER_THE_FACT = "changed_after_the_fact"
    UNVERIFIED_RULE = "unverified_rule"


class AlertLevel(StrEnum):
    """How soon a person should look."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"
