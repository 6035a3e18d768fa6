-- A batch of codes has one count for ever: each of its codes says how many there shall be.
ALTER TABLE {prefix}codes ADD COLUMN batch_count INTEGER NOT NULL DEFAULT 0 CHECK (batch_count >= 0); -- 0 of what was not generated

-- Of those made before it is how many there are: nobody knows of more.
UPDATE {prefix}codes SET batch_count = (
	SELECT MAX(k.number) FROM {prefix}codes AS k
	WHERE k.merchant = {prefix}codes.merchant AND k.coupon = {prefix}codes.coupon AND k.batch = {prefix}codes.batch AND k.number > 0)
WHERE number > 0;
