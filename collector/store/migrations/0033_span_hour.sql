-- The spans of the span table once more, ended at every hour too: where an instant lies inside a span, what
-- comes before and after it is told from these and one hour's measurements. Spans from before this
-- table have none here until they are made again.

CREATE TABLE span_hour (LIKE span INCLUDING ALL) WITH (fillfactor = 80);
