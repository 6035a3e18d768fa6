-- What is only reserved is in no index that a coupon's lists and sums need: it gets there
-- when it is confirmed, so that a reservation and its confirmation write as little as they
-- can. Nobody who reads waits while these are made.

-- Lists of one coupon, a page at a time, by other than the instants below.
CREATE INDEX {prefix}settled_served ON {schema}{prefix}redemptions
	(merchant, coupon, COALESCE(service_at, 9223372036854775807), booking) WHERE state <> 'reserved';

CREATE INDEX {prefix}settled_subtotal ON {schema}{prefix}redemptions (merchant, coupon, subtotal, booking) WHERE state <> 'reserved';

CREATE INDEX {prefix}settled_discount ON {schema}{prefix}redemptions (merchant, coupon, discount, booking) WHERE state <> 'reserved';

-- Sums read these two and never the rows.
CREATE INDEX {prefix}settled_made ON {schema}{prefix}redemptions (merchant, coupon, made_at, booking) INCLUDE (
	currency, state, code, subtotal, eligible, discount, other_discounts, refund, cost, new_customer, service_at) WHERE state <> 'reserved';

CREATE INDEX {prefix}settled_service ON {schema}{prefix}redemptions (merchant, coupon, service_at, booking) INCLUDE (
	currency, state, code, subtotal, eligible, discount, other_discounts, refund, cost, new_customer) WHERE state <> 'reserved';

DROP INDEX IF EXISTS {schema}{prefix}redemptions_served, {schema}{prefix}redemptions_subtotal, {schema}{prefix}redemptions_discount,
	{schema}{prefix}redemptions_made, {schema}{prefix}redemptions_service;
