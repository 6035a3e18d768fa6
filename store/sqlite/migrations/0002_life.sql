-- The whole life of a redemption: further codes, reservations, series, refusals.

ALTER TABLE {prefix}codes ADD COLUMN main       INTEGER NOT NULL DEFAULT 1 CHECK (main IN (0, 1));       -- the coupon's own
ALTER TABLE {prefix}codes ADD COLUMN single_use INTEGER NOT NULL DEFAULT 0 CHECK (single_use IN (0, 1));
ALTER TABLE {prefix}codes ADD COLUMN customer   TEXT    NOT NULL DEFAULT '';                             -- '' is everybody
ALTER TABLE {prefix}codes ADD COLUMN batch      TEXT    NOT NULL DEFAULT '';                             -- '' is none
ALTER TABLE {prefix}codes ADD COLUMN number     INTEGER NOT NULL DEFAULT 0 CHECK (number >= 0);          -- in the batch, 0 is none
ALTER TABLE {prefix}codes ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE {prefix}codes ADD COLUMN created_by TEXT    NOT NULL DEFAULT '';

UPDATE {prefix}codes SET (created_at, created_by) = (
	SELECT c.created_at, COALESCE(json_extract(v.doc, '$.created_by'), '') FROM {prefix}coupons AS c
	JOIN {prefix}versions AS v ON v.merchant = c.merchant AND v.coupon = c.id AND v.version = c.version
	WHERE c.merchant = {prefix}codes.merchant AND c.id = {prefix}codes.coupon);

CREATE INDEX {prefix}codes_batch ON {prefix}codes (merchant, coupon, batch, code);

CREATE UNIQUE INDEX {prefix}codes_number ON {prefix}codes (merchant, coupon, batch, number) WHERE number > 0;

ALTER TABLE {prefix}heads ADD COLUMN stamp INTEGER NOT NULL DEFAULT 0; -- of the version's document

ALTER TABLE {prefix}redemptions ADD COLUMN expires_at INTEGER;                                                -- of a reservation
ALTER TABLE {prefix}redemptions ADD COLUMN single_use INTEGER NOT NULL DEFAULT 0 CHECK (single_use IN (0, 1)); -- of the code
ALTER TABLE {prefix}redemptions ADD COLUMN series     TEXT    NOT NULL DEFAULT '';                            -- '' is none
ALTER TABLE {prefix}redemptions ADD COLUMN uses       INTEGER NOT NULL DEFAULT 0 CHECK (uses >= 0);            -- of an opening

-- Lists over all coupons.
CREATE INDEX {prefix}redemptions_customer ON {prefix}redemptions (merchant, customer, made_at);

CREATE INDEX {prefix}redemptions_code ON {prefix}redemptions (merchant, code, made_at);

CREATE INDEX {prefix}redemptions_series ON {prefix}redemptions (merchant, series, coupon) WHERE series <> '';

-- What may have to be taken back.
CREATE INDEX {prefix}redemptions_reserved ON {prefix}redemptions (merchant, coupon, expires_at, booking) WHERE state = 'reserved';

-- Sums read these two and never the rows, also those of one code.
DROP INDEX {prefix}redemptions_made;
DROP INDEX {prefix}redemptions_service;

CREATE INDEX {prefix}redemptions_made ON {prefix}redemptions (merchant, coupon, made_at, booking,
	currency, state, code, subtotal, eligible, discount, other_discounts, refund, cost, new_customer, service_at);

CREATE INDEX {prefix}redemptions_service ON {prefix}redemptions (merchant, coupon, service_at, booking,
	currency, state, code, subtotal, eligible, discount, other_discounts, refund, cost, new_customer);

-- The use of the bookings of one recurring agreement: the redemptions that hold
-- it, and what it counts as long as there are any.
CREATE TABLE {prefix}series (
	merchant   TEXT    NOT NULL,
	coupon     TEXT    NOT NULL,
	series     TEXT    NOT NULL,
	live       INTEGER NOT NULL CHECK (live >= 0),
	customer   TEXT    NOT NULL, -- of the redemption that took the use
	code       TEXT    NOT NULL,
	single_use INTEGER NOT NULL CHECK (single_use IN (0, 1)),
	made_at    INTEGER,
	charges    TEXT    NOT NULL, -- JSON, '' is none
	PRIMARY KEY (merchant, coupon, series),
	FOREIGN KEY (merchant, coupon) REFERENCES {prefix}coupons (merchant, id)
) STRICT, WITHOUT ROWID;

-- What was refused: one row for each booking and reason.
CREATE TABLE {prefix}refusals (
	merchant TEXT    NOT NULL,
	coupon   TEXT    NOT NULL,
	booking  TEXT    NOT NULL,
	reason   TEXT    NOT NULL,
	code     TEXT    NOT NULL,
	customer TEXT    NOT NULL,
	currency TEXT    NOT NULL,
	subtotal INTEGER NOT NULL,
	at       INTEGER NOT NULL,
	PRIMARY KEY (merchant, coupon, booking, reason),
	FOREIGN KEY (merchant, coupon) REFERENCES {prefix}coupons (merchant, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX {prefix}refusals_at ON {prefix}refusals (merchant, coupon, at, booking, reason);
