-- Since when each person is kept, microseconds UTC; of those kept before it was noted: since now.
ALTER TABLE person ADD COLUMN kept_us bigint NOT NULL
    DEFAULT (extract(epoch FROM now()) * 1000000)::bigint;
ALTER TABLE person ALTER COLUMN kept_us DROP DEFAULT;
