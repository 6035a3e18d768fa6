-- How many redemptions a booking has of other coupons: who looks at one of them sees
-- whether there are more, also if another has joined since.

ALTER TABLE {prefix}redemptions ADD COLUMN others INTEGER NOT NULL DEFAULT 0;

UPDATE {prefix}redemptions AS r SET others = b.n - 1 FROM (
	SELECT merchant, booking, COUNT(*) AS n FROM {prefix}redemptions GROUP BY merchant, booking HAVING COUNT(*) > 1) AS b
	WHERE r.merchant = b.merchant AND r.booking = b.booking;
