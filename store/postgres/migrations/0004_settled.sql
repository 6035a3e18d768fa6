-- What is only reserved is in no index that lists and sums need: it gets there when it
-- is confirmed, so that a reservation and its confirmation write as little as they can.

DROP INDEX {schema}{prefix}redemptions_served;
DROP INDEX {schema}{prefix}redemptions_subtotal;
DROP INDEX {schema}{prefix}redemptions_discount;
DROP INDEX {schema}{prefix}redemptions_customer;
DROP INDEX {schema}{prefix}redemptions_code;
DROP INDEX {schema}{prefix}redemptions_made;
DROP INDEX {schema}{prefix}redemptions_service;

-- Lists of one coupon, a page at a time, by other than the instants below.
CREATE INDEX {prefix}redemptions_served ON {schema}{prefix}redemptions
	(merchant, coupon, COALESCE(service_at, 9223372036854775807), booking) WHERE state <> 'reserved';

CREATE INDEX {prefix}redemptions_subtotal ON {schema}{prefix}redemptions (merchant, coupon, subtotal, booking) WHERE state <> 'reserved';

CREATE INDEX {prefix}redemptions_discount ON {schema}{prefix}redemptions (merchant, coupon, discount, booking) WHERE state <> 'reserved';

-- Lists over all coupons.
CREATE INDEX {prefix}redemptions_customer ON {schema}{prefix}redemptions (merchant, customer, made_at) WHERE state <> 'reserved';

CREATE INDEX {prefix}redemptions_code ON {schema}{prefix}redemptions (merchant, code, made_at) WHERE state <> 'reserved';

-- Sums read these two and never the rows.
CREATE INDEX {prefix}redemptions_made ON {schema}{prefix}redemptions (merchant, coupon, made_at, booking) INCLUDE (
	currency, state, code, subtotal, eligible, discount, other_discounts, refund, cost, new_customer, service_at) WHERE state <> 'reserved';

CREATE INDEX {prefix}redemptions_service ON {schema}{prefix}redemptions (merchant, coupon, service_at, booking) INCLUDE (
	currency, state, code, subtotal, eligible, discount, other_discounts, refund, cost, new_customer) WHERE state <> 'reserved';
