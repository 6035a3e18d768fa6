-- Instants are microseconds since 1970 in UTC, NULL where there is none. Amounts
-- are integers in minor units of the currency. Texts are compared as bytes.

CREATE TABLE {prefix}coupons (
	merchant   TEXT    NOT NULL,
	id         TEXT    NOT NULL,
	version    INTEGER NOT NULL CHECK (version > 0), -- the current one
	code       TEXT    NOT NULL,
	name_sort  TEXT    NOT NULL,                     -- lower-cased
	search     TEXT    NOT NULL,                     -- code and name, lower-cased
	audience   TEXT    NOT NULL,
	kind       TEXT    NOT NULL,                     -- of the discount
	archived   INTEGER NOT NULL CHECK (archived IN (0, 1)),
	created_at INTEGER NOT NULL,
	start_at   INTEGER NOT NULL,
	end_at     INTEGER,
	PRIMARY KEY (merchant, id)
) STRICT, WITHOUT ROWID;

-- The list of coupons in its own order, a page at a time.
CREATE INDEX {prefix}coupons_created ON {prefix}coupons (merchant, archived, created_at, id);

-- The code of each coupon. It is live as long as the coupon is not archived.
CREATE TABLE {prefix}codes (
	merchant TEXT    NOT NULL,
	code     TEXT    NOT NULL,
	coupon   TEXT    NOT NULL,
	live     INTEGER NOT NULL CHECK (live IN (0, 1)),
	PRIMARY KEY (merchant, coupon, code),
	FOREIGN KEY (merchant, coupon) REFERENCES {prefix}coupons (merchant, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX {prefix}codes_live ON {prefix}codes (merchant, code) WHERE live = 1;

-- What the coupon was in each of its versions.
CREATE TABLE {prefix}versions (
	merchant TEXT    NOT NULL,
	coupon   TEXT    NOT NULL,
	version  INTEGER NOT NULL CHECK (version > 0),
	doc      TEXT    NOT NULL, -- JSON
	PRIMARY KEY (merchant, coupon, version),
	FOREIGN KEY (merchant, coupon) REFERENCES {prefix}coupons (merchant, id)
) STRICT;

CREATE TABLE {prefix}notes (
	merchant   TEXT    NOT NULL,
	coupon     TEXT    NOT NULL,
	id         TEXT    NOT NULL,
	at         INTEGER NOT NULL,
	text       TEXT    NOT NULL,
	created_at INTEGER NOT NULL,
	created_by TEXT    NOT NULL,
	PRIMARY KEY (merchant, coupon, id),
	FOREIGN KEY (merchant, coupon) REFERENCES {prefix}coupons (merchant, id)
) STRICT, WITHOUT ROWID;

-- The row that every write looks at and every edit changes.
CREATE TABLE {prefix}heads (
	merchant TEXT    NOT NULL,
	coupon   TEXT    NOT NULL,
	version  INTEGER NOT NULL CHECK (version > 0),
	zone     TEXT    NOT NULL,
	PRIMARY KEY (merchant, coupon),
	FOREIGN KEY (merchant, coupon) REFERENCES {prefix}coupons (merchant, id)
) STRICT, WITHOUT ROWID;

-- The truth: everything that is summed or counted can be found again from here.
CREATE TABLE {prefix}redemptions (
	merchant        TEXT    NOT NULL,
	coupon          TEXT    NOT NULL,
	booking         TEXT    NOT NULL,
	state           TEXT    NOT NULL CHECK (state <> ''),
	version         INTEGER NOT NULL CHECK (version > 0), -- of the coupon
	code            TEXT    NOT NULL,
	customer        TEXT    NOT NULL,                     -- '' is unknown
	currency        TEXT    NOT NULL CHECK (length(currency) = 3),
	made_at         INTEGER NOT NULL,
	service_at      INTEGER,
	subtotal        INTEGER NOT NULL,
	eligible        INTEGER NOT NULL CHECK (eligible BETWEEN 0 AND subtotal),
	discount        INTEGER NOT NULL CHECK (discount BETWEEN 0 AND eligible),
	other_discounts INTEGER NOT NULL CHECK (other_discounts BETWEEN 0 AND subtotal - discount),
	refund          INTEGER NOT NULL CHECK (refund BETWEEN 0 AND subtotal - discount - other_discounts),
	cost            INTEGER CHECK (cost >= 0),            -- NULL is unknown
	new_customer    INTEGER CHECK (new_customer IN (0, 1)),
	holds           INTEGER NOT NULL CHECK (holds IN (0, 1)),
	charges         TEXT    NOT NULL,                     -- JSON, '' is none
	events          INTEGER NOT NULL CHECK (events >= 0), -- how many there are
	doc             TEXT    NOT NULL,                     -- JSON
	PRIMARY KEY (merchant, coupon, booking),
	FOREIGN KEY (merchant, coupon) REFERENCES {prefix}coupons (merchant, id)
) STRICT;

CREATE INDEX {prefix}redemptions_booking ON {prefix}redemptions (merchant, booking, coupon);

-- Sums read these two and never the rows.
CREATE INDEX {prefix}redemptions_made ON {prefix}redemptions (merchant, coupon, made_at, booking,
	currency, state, subtotal, eligible, discount, other_discounts, refund, cost, new_customer, service_at);

CREATE INDEX {prefix}redemptions_service ON {prefix}redemptions (merchant, coupon, service_at, booking,
	currency, state, subtotal, eligible, discount, other_discounts, refund, cost, new_customer);

-- The guard: how much of each slot is used. An import may pass a limit, and
-- nothing goes below zero.
CREATE TABLE {prefix}counters (
	merchant  TEXT    NOT NULL,
	coupon    TEXT    NOT NULL,
	limit_of  TEXT    NOT NULL,
	limit_per TEXT    NOT NULL,
	every     TEXT    NOT NULL,
	subject   TEXT    NOT NULL,
	currency  TEXT    NOT NULL,
	since     TEXT    NOT NULL,
	used      INTEGER NOT NULL CHECK (used >= 0),
	PRIMARY KEY (merchant, coupon, limit_of, limit_per, every, subject, currency, since),
	FOREIGN KEY (merchant, coupon) REFERENCES {prefix}coupons (merchant, id)
) STRICT, WITHOUT ROWID;

-- What happened to a redemption, numbered from 0.
CREATE TABLE {prefix}events (
	merchant TEXT    NOT NULL,
	coupon   TEXT    NOT NULL,
	booking  TEXT    NOT NULL,
	n        INTEGER NOT NULL CHECK (n >= 0),
	kind     TEXT    NOT NULL,
	key      TEXT    NOT NULL,
	at       INTEGER NOT NULL,
	actor    TEXT    NOT NULL,
	amount   INTEGER NOT NULL,
	currency TEXT    NOT NULL, -- '' is no amount
	PRIMARY KEY (merchant, coupon, booking, n),
	FOREIGN KEY (merchant, coupon, booking) REFERENCES {prefix}redemptions (merchant, coupon, booking)
) STRICT, WITHOUT ROWID;
