-- A batch of codes has one count for ever: each of its codes says how many there shall be.
ALTER TABLE {schema}{prefix}codes ADD COLUMN batch_count BIGINT NOT NULL DEFAULT 0 CHECK (batch_count >= 0); -- 0 of what was not generated

-- Of those made before it is how many there are: nobody knows of more.
UPDATE {schema}{prefix}codes SET batch_count = (
	SELECT MAX(k.number) FROM {schema}{prefix}codes AS k
	WHERE k.merchant = {schema}{prefix}codes.merchant AND k.coupon = {schema}{prefix}codes.coupon AND k.batch = {schema}{prefix}codes.batch AND k.number > 0)
WHERE number > 0;
