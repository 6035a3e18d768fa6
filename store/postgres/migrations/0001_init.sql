-- Instants are microseconds since 1970 in UTC, NULL where there is none. Amounts
-- are integers in minor units of the currency. Texts are compared as bytes.

CREATE TABLE {schema}{prefix}coupons (
	merchant   TEXT COLLATE "C" NOT NULL,
	id         TEXT COLLATE "C" NOT NULL,
	version    BIGINT           NOT NULL CHECK (version > 0), -- the current one
	code       TEXT COLLATE "C" NOT NULL,
	name_sort  TEXT COLLATE "C" NOT NULL,                     -- lower-cased
	search     TEXT COLLATE "C" NOT NULL,                     -- code and name, lower-cased
	audience   TEXT COLLATE "C" NOT NULL,
	kind       TEXT COLLATE "C" NOT NULL,                     -- of the discount
	archived   SMALLINT         NOT NULL CHECK (archived IN (0, 1)),
	created_at BIGINT           NOT NULL,
	start_at   BIGINT           NOT NULL,
	end_at     BIGINT
);

-- The list of coupons in its own order, a page at a time.
CREATE INDEX {prefix}coupons_created ON {schema}{prefix}coupons (merchant, archived, created_at, id);

-- The key of this table and of redemptions is made after their other indexes: of
-- those that look equally good, as all do to PostgreSQL while it knows little of the
-- rows, it takes the one that was made last. With another one it would find a row by
-- going through all that its merchant or coupon has.
ALTER TABLE {schema}{prefix}coupons ADD PRIMARY KEY (merchant, id);

-- The codes of each coupon. They are live as long as the coupon is not archived.
CREATE TABLE {schema}{prefix}codes (
	merchant   TEXT COLLATE "C" NOT NULL,
	code       TEXT COLLATE "C" NOT NULL,
	coupon     TEXT COLLATE "C" NOT NULL,
	live       SMALLINT         NOT NULL CHECK (live IN (0, 1)),
	main       SMALLINT         NOT NULL CHECK (main IN (0, 1)),       -- the coupon's own
	single_use SMALLINT         NOT NULL CHECK (single_use IN (0, 1)),
	customer   TEXT COLLATE "C" NOT NULL,                              -- '' is everybody
	batch      TEXT COLLATE "C" NOT NULL,                              -- '' is none
	number     BIGINT           NOT NULL CHECK (number >= 0),          -- in the batch, 0 is none
	created_at BIGINT           NOT NULL,
	created_by TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (merchant, coupon, code),
	FOREIGN KEY (merchant, coupon) REFERENCES {schema}{prefix}coupons (merchant, id)
);

CREATE UNIQUE INDEX {prefix}codes_live ON {schema}{prefix}codes (merchant, code) WHERE live = 1;

CREATE INDEX {prefix}codes_batch ON {schema}{prefix}codes (merchant, coupon, batch, code);

CREATE UNIQUE INDEX {prefix}codes_number ON {schema}{prefix}codes (merchant, coupon, batch, number) WHERE number > 0;

-- What the coupon was in each of its versions.
CREATE TABLE {schema}{prefix}versions (
	merchant TEXT COLLATE "C" NOT NULL,
	coupon   TEXT COLLATE "C" NOT NULL,
	version  BIGINT           NOT NULL CHECK (version > 0),
	doc      TEXT COLLATE "C" NOT NULL, -- JSON
	PRIMARY KEY (merchant, coupon, version),
	FOREIGN KEY (merchant, coupon) REFERENCES {schema}{prefix}coupons (merchant, id)
);

CREATE TABLE {schema}{prefix}notes (
	merchant   TEXT COLLATE "C" NOT NULL,
	coupon     TEXT COLLATE "C" NOT NULL,
	id         TEXT COLLATE "C" NOT NULL,
	at         BIGINT           NOT NULL,
	text       TEXT COLLATE "C" NOT NULL,
	created_at BIGINT           NOT NULL,
	created_by TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (merchant, coupon, id),
	FOREIGN KEY (merchant, coupon) REFERENCES {schema}{prefix}coupons (merchant, id)
);

-- The row that every write looks at and every edit changes.
CREATE TABLE {schema}{prefix}heads (
	merchant     TEXT COLLATE "C" NOT NULL,
	coupon       TEXT COLLATE "C" NOT NULL,
	version      BIGINT           NOT NULL CHECK (version > 0),
	zone         TEXT COLLATE "C" NOT NULL,
	stamp        BIGINT           NOT NULL,           -- of the version's document
	closed_until BIGINT           NOT NULL DEFAULT 0, -- no new write before that
	PRIMARY KEY (merchant, coupon),
	FOREIGN KEY (merchant, coupon) REFERENCES {schema}{prefix}coupons (merchant, id)
);

-- The truth: everything that is summed or counted can be found again from here.
CREATE TABLE {schema}{prefix}redemptions (
	merchant        TEXT COLLATE "C" NOT NULL,
	coupon          TEXT COLLATE "C" NOT NULL,
	booking         TEXT COLLATE "C" NOT NULL,
	state           TEXT COLLATE "C" NOT NULL CHECK (state <> ''),
	expires_at      BIGINT,                                        -- of a reservation
	version         BIGINT           NOT NULL CHECK (version > 0), -- of the coupon
	code            TEXT COLLATE "C" NOT NULL,
	single_use      SMALLINT         NOT NULL CHECK (single_use IN (0, 1)),
	customer        TEXT COLLATE "C" NOT NULL,                     -- '' is unknown
	series          TEXT COLLATE "C" NOT NULL,                     -- '' is none
	currency        TEXT COLLATE "C" NOT NULL CHECK (length(currency) = 3),
	made_at         BIGINT           NOT NULL,
	service_at      BIGINT,
	subtotal        BIGINT           NOT NULL,
	eligible        BIGINT           NOT NULL CHECK (eligible BETWEEN 0 AND subtotal),
	discount        BIGINT           NOT NULL CHECK (discount BETWEEN 0 AND eligible),
	other_discounts BIGINT           NOT NULL CHECK (other_discounts BETWEEN 0 AND subtotal - discount),
	refund          BIGINT           NOT NULL CHECK (refund BETWEEN 0 AND subtotal - discount - other_discounts),
	cost            BIGINT           CHECK (cost >= 0),            -- NULL is unknown
	new_customer    SMALLINT         CHECK (new_customer IN (0, 1)),
	uses            BIGINT           NOT NULL CHECK (uses >= 0),   -- of an opening
	holds           SMALLINT         NOT NULL CHECK (holds IN (0, 1)),
	charges         TEXT COLLATE "C" NOT NULL,                     -- JSON, '' is none
	events          BIGINT           NOT NULL CHECK (events >= 0), -- how many there are
	doc             TEXT COLLATE "C" NOT NULL,                     -- JSON
	FOREIGN KEY (merchant, coupon) REFERENCES {schema}{prefix}coupons (merchant, id)
);

-- The bookings that have redemptions: two coupons that are the first on one at
-- the same moment meet here.
CREATE TABLE {schema}{prefix}bookings (
	merchant TEXT COLLATE "C" NOT NULL,
	booking  TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (merchant, booking)
);

CREATE INDEX {prefix}redemptions_booking ON {schema}{prefix}redemptions (merchant, booking, coupon);

-- Lists of one coupon, a page at a time, by other than the instants below.
CREATE INDEX {prefix}redemptions_served ON {schema}{prefix}redemptions
	(merchant, coupon, COALESCE(service_at, 9223372036854775807), booking);

CREATE INDEX {prefix}redemptions_subtotal ON {schema}{prefix}redemptions (merchant, coupon, subtotal, booking);

CREATE INDEX {prefix}redemptions_discount ON {schema}{prefix}redemptions (merchant, coupon, discount, booking);

-- Lists over all coupons.
CREATE INDEX {prefix}redemptions_customer ON {schema}{prefix}redemptions (merchant, customer, made_at);

CREATE INDEX {prefix}redemptions_code ON {schema}{prefix}redemptions (merchant, code, made_at);

CREATE INDEX {prefix}redemptions_series ON {schema}{prefix}redemptions (merchant, series, coupon) WHERE series <> '';

-- What may have to be taken back.
CREATE INDEX {prefix}redemptions_reserved ON {schema}{prefix}redemptions (merchant, coupon, expires_at, booking) WHERE state = 'reserved';

-- Sums read these two and never the rows.
CREATE INDEX {prefix}redemptions_made ON {schema}{prefix}redemptions (merchant, coupon, made_at, booking) INCLUDE (
	currency, state, code, subtotal, eligible, discount, other_discounts, refund, cost, new_customer, service_at);

CREATE INDEX {prefix}redemptions_service ON {schema}{prefix}redemptions (merchant, coupon, service_at, booking) INCLUDE (
	currency, state, code, subtotal, eligible, discount, other_discounts, refund, cost, new_customer);

ALTER TABLE {schema}{prefix}redemptions ADD PRIMARY KEY (merchant, coupon, booking);

-- The guard: how much of each slot is used. An import may pass a limit, and
-- nothing goes below zero.
CREATE TABLE {schema}{prefix}counters (
	merchant  TEXT COLLATE "C" NOT NULL,
	coupon    TEXT COLLATE "C" NOT NULL,
	limit_of  TEXT COLLATE "C" NOT NULL,
	limit_per TEXT COLLATE "C" NOT NULL,
	every     TEXT COLLATE "C" NOT NULL,
	subject   TEXT COLLATE "C" NOT NULL,
	currency  TEXT COLLATE "C" NOT NULL,
	since     TEXT COLLATE "C" NOT NULL,
	used      BIGINT           NOT NULL CHECK (used >= 0),
	PRIMARY KEY (merchant, coupon, limit_of, limit_per, every, subject, currency, since),
	FOREIGN KEY (merchant, coupon) REFERENCES {schema}{prefix}coupons (merchant, id)
);

-- The use of the bookings of one recurring agreement: the redemptions that hold
-- it, and what it counts as long as there are any.
CREATE TABLE {schema}{prefix}series (
	merchant   TEXT COLLATE "C" NOT NULL,
	coupon     TEXT COLLATE "C" NOT NULL,
	series     TEXT COLLATE "C" NOT NULL,
	live       BIGINT           NOT NULL CHECK (live >= 0),
	customer   TEXT COLLATE "C" NOT NULL, -- of the redemption that took the use
	code       TEXT COLLATE "C" NOT NULL,
	single_use SMALLINT         NOT NULL CHECK (single_use IN (0, 1)),
	made_at    BIGINT,
	charges    TEXT COLLATE "C" NOT NULL, -- JSON, '' is none
	PRIMARY KEY (merchant, coupon, series),
	FOREIGN KEY (merchant, coupon) REFERENCES {schema}{prefix}coupons (merchant, id)
);

-- What was refused: one row for each booking and reason.
CREATE TABLE {schema}{prefix}refusals (
	merchant TEXT COLLATE "C" NOT NULL,
	coupon   TEXT COLLATE "C" NOT NULL,
	booking  TEXT COLLATE "C" NOT NULL,
	reason   TEXT COLLATE "C" NOT NULL,
	code     TEXT COLLATE "C" NOT NULL,
	customer TEXT COLLATE "C" NOT NULL,
	currency TEXT COLLATE "C" NOT NULL,
	subtotal BIGINT           NOT NULL,
	at       BIGINT           NOT NULL,
	PRIMARY KEY (merchant, coupon, booking, reason),
	FOREIGN KEY (merchant, coupon) REFERENCES {schema}{prefix}coupons (merchant, id)
);

CREATE INDEX {prefix}refusals_at ON {schema}{prefix}refusals (merchant, coupon, at, booking, reason);

-- What happened to a redemption, numbered from 0.
CREATE TABLE {schema}{prefix}events (
	merchant TEXT COLLATE "C" NOT NULL,
	coupon   TEXT COLLATE "C" NOT NULL,
	booking  TEXT COLLATE "C" NOT NULL,
	n        BIGINT           NOT NULL CHECK (n >= 0),
	kind     TEXT COLLATE "C" NOT NULL,
	key      TEXT COLLATE "C" NOT NULL,
	at       BIGINT           NOT NULL,
	actor    TEXT COLLATE "C" NOT NULL,
	amount   BIGINT           NOT NULL,
	currency TEXT COLLATE "C" NOT NULL, -- '' is no amount
	PRIMARY KEY (merchant, coupon, booking, n),
	FOREIGN KEY (merchant, coupon, booking) REFERENCES {schema}{prefix}redemptions (merchant, coupon, booking)
);
