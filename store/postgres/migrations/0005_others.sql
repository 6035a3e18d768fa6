-- How many redemptions a booking has of other coupons: who looks at one of them sees
-- whether there are more, also if another has joined since.

ALTER TABLE {schema}{prefix}redemptions ADD COLUMN others BIGINT NOT NULL DEFAULT 0;

UPDATE {schema}{prefix}redemptions AS r SET others = b.n - 1 FROM (
	SELECT merchant, booking, COUNT(*) AS n FROM {schema}{prefix}redemptions GROUP BY merchant, booking HAVING COUNT(*) > 1) AS b
	WHERE r.merchant = b.merchant AND r.booking = b.booking;
