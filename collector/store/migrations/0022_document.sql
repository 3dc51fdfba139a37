-- What is stated of windows beside their steps: documents, réserves, notices given by other means.

CREATE TABLE window_document (
    tenant_id integer NOT NULL REFERENCES tenant,
    entry     bigint NOT NULL,
    window_id text NOT NULL,
    kind      text NOT NULL,
    at_us     bigint NOT NULL,
    author    text NOT NULL,
    body      jsonb NOT NULL,
    PRIMARY KEY (tenant_id, entry)
);

CREATE INDEX window_document_window ON window_document (tenant_id, window_id);

-- The bytes of documents, by their digest. Not made from the log, which holds only digests.
CREATE TABLE attachment_content (
    tenant_id integer NOT NULL REFERENCES tenant,
    sha256    text NOT NULL,
    content   bytea NOT NULL,
    PRIMARY KEY (tenant_id, sha256)
);
