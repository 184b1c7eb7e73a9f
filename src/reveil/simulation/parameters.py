"""The frozen numbers of the simulated base, as in `experiments/2026-11_simulated-base/README.md`.

In:  nothing.
Out: constants; a duration is in weeks and a rate per year unless its name says otherwise.

They were fixed before the first model and are not touched to make one look good.
"""

from __future__ import annotations

from typing import Final

WEEKS_PER_YEAR: Final = 365.25 / 7
BURN_IN: Final = 104
BLOCK: Final = 2048
"""Customers who share a random stream per concern; a life does not depend on the other blocks."""

# The clock of a customer
TYPES: Final = ("regular", "random", "clumpy")
TYPE_SHARES: Final = (0.30, 0.40, 0.30)
ERLANG_SHAPE: Final = 4
BURST_SHARE: Final = 0.7
BURST_MEAN: Final = 0.15
LULL_MEAN: Final = (1 - BURST_SHARE * BURST_MEAN) / (1 - BURST_SHARE)  # so that the mean gap is 1
RATE_SHAPE: Final = 1.2
RATE_MEAN: Final = 7.0
WANING_SHARE: Final = 0.30
WANING_SHAPE: Final = 2.0
WANING_MEAN: Final = 0.5
DEATH_SHAPE: Final = 1.5
DEATH_MEAN: Final = 0.35
COUNTRIES: Final = ("FR", "BE", "DE", "ES")
COUNTRY_SHARES: Final = (0.60, 0.15, 0.15, 0.10)
COUNTRY_RATE: Final = (1.0, 1.1, 0.95, 0.8)
ACQUISITIONS: Final = ("web", "store", "newsletter", "marketplace")
ACQUISITION_SHARES: Final = (0.45, 0.30, 0.15, 0.10)
ACQUISITION_DEATH: Final = (1.0, 0.8, 1.0, 1.6)
READER_SHARE: Final = 0.06
READER_RATE: Final = 0.1

# Seasons
YEARLY_WAVE: Final = 0.12
YEARLY_WAVE_DAY: Final = 330
DECEMBER: Final = (0.9, 344, 12)
"""Height, day of the year and width in days of the peak."""
AUGUST: Final = (-0.2, 222, 14)
WEEKDAYS: Final = (0.9, 0.9, 0.95, 1.0, 1.15, 1.3, 0.8)
OPENING_HOUR: Final = 8
CLOSING_HOUR: Final = 22
GROWTH: Final = 0.1
FIRST_ORDER_SHARE: Final = 0.85
NEWSLETTER_FIRST_ORDER_SHARE: Final = 0.20

# Service incidents
INCIDENT_SHARE: Final = 0.04
INCIDENT_SHAPE: Final = 2.0
INCIDENT_CAP: Final = 0.5
TROUBLE_HALF_LIFE: Final = 8
TROUBLE_ON_SPEED: Final = 0.5
TROUBLE_ON_DEATH: Final = 3.0
COMPLAINT_SHARE: Final = 0.6
COMPLAINT_DAYS: Final = (1, 10)
COMPLAINT_RATINGS: Final = (1, 2)
SURVEY_SHARE: Final = 0.08
SURVEY_DAYS: Final = (2, 14)
RATINGS: Final = (1, 2, 3, 4, 5)
RATINGS_AFTER_INCIDENT: Final = (0.5, 0.3, 0.2, 0.0, 0.0)
RATINGS_OTHERWISE: Final = (0.0, 0.0, 0.1, 0.4, 0.5)

# Baskets
AMOUNT_MEDIAN: Final = 45.0
AMOUNT_BETWEEN: Final = 0.5
AMOUNT_WITHIN: Final = 0.4
EXTRA_LINES: Final = 1.2
CATEGORIES: Final = (
    "bath",
    "bedding",
    "books",
    "decoration",
    "garden",
    "kitchen",
    "lighting",
    "pets",
    "sports",
    "stationery",
    "storage",
    "toys",
)
TASTE: Final = 0.5
ITEMS: Final = 40
STORE: Final = (0.8, 1.6)
RETURN: Final = (1.0, 12.0)
RETURN_DAYS: Final = (3, 25)

# E-mail, visits, addresses
CONSENT_EMAIL: Final = 0.70
CONSENT_PRINT: Final = 0.45
NEWSLETTER_EVERY: Final = 2
NEWSLETTER_SECONDS: Final = 3 * 86_400 + 9 * 3_600
"""Thursday 09:00, after the Monday midnight of the week."""
OPEN: Final = (2.0, 4.0)
CLICK: Final = (1.2, 8.0)
READER_OPEN: Final = (6.0, 4.0)
READER_CLICK: Final = (4.0, 8.0)
OPEN_DELAY_SECONDS: Final = 6 * 3_600
CLICK_DELAY_SECONDS: Final = 3 * 60
WARMTH_AFTER_DEATH: Final = 0.05
PREFETCH_SHARE: Final = 0.30
PREFETCH_RATE: Final = 0.9
PREFETCH_SECONDS: Final = (1, 10)
PREFETCH_FLAGGED: Final = 0.25
COMPANY_SHARE: Final = 0.10
SCANNER_SHARE: Final = 0.60
SCANNER_RATE: Final = 0.7
SCANNER_SECONDS: Final = (0, 2)
SCANNER_FLAGGED: Final = 0.20
UNSUBSCRIBE: Final = 0.0015
ANNOYANCE_SHAPE: Final = 0.5
TROUBLE_ON_UNSUBSCRIBE: Final = 2.0
DEATH_ON_UNSUBSCRIBE: Final = 2.0
UNSUBSCRIBE_CAP: Final = 0.5
ADDRESS_LOSS: Final = 0.02
ADDRESS_LOSS_AFTER_DEATH: Final = 0.25
POSTAL_LOSS: Final = 0.04
VISITS_PER_ORDER: Final = 0.5
READER_VISITS: Final = 8.0
LOGIN_SHARE: Final = 0.6
LOGIN_MINUTES: Final = (1, 20)

# Offers
OFFERS: Final = ("miss_you", "minus_20", "minus_40")
DISCOUNTS: Final = (0.0, 0.2, 0.4)
EFFECT: Final = (0.20, 0.50, 0.80)
EFFECT_OF_DEAL_SEEKING: Final = (0.0, 0.45, 0.70)
EFFECT_OF_ATTACHMENT: Final = (0.5, 0.25, 0.0)
CAMPAIGN_EVERY: Final = 12
FIRST_CAMPAIGN: Final = 8
CAMPAIGN_SECONDS: Final = 6 * 3_600 + 30 * 60
"""Monday 06:30, before the shop opens."""
LAPSED_WEEKS: Final = 26
CAMPAIGN_SHARE: Final = 0.5
HELD_OUT_SHARE: Final = 0.2
OFFER_WEEKS: Final = 4
PRINT_EFFECT: Final = 0.7
DOG_SHARE: Final = 0.12
DOG_EFFECT: Final = -1.0
DOG_HAZARD: Final = 3.0
OFFER_UNSUBSCRIBE: Final = 0.006
DOG_UNSUBSCRIBE: Final = 6.0
