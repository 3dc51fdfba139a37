-- What only the community edition offers: chunks that are no longer written to are compressed.
-- level: community

ALTER TABLE span SET (timescaledb.compress, timescaledb.compress_segmentby = 'tenant_id, series_id', timescaledb.compress_orderby = 'first_start, part');
ALTER TABLE latency SET (timescaledb.compress, timescaledb.compress_segmentby = 'tenant_id, series_id', timescaledb.compress_orderby = 'minute');
ALTER TABLE measurement SET (timescaledb.compress, timescaledb.compress_segmentby = 'tenant_id, series_id', timescaledb.compress_orderby = 'start_us');

SELECT add_compression_policy('span', 2592000000000);
SELECT add_compression_policy('latency', 2592000000000);
SELECT add_compression_policy('measurement', 172800000000);
