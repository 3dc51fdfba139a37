-- Agents that were silent for longer than their spool keeps, and when they were heard again.

CREATE TABLE agent_silence (
    tenant_id      integer NOT NULL REFERENCES tenant,
    entry          bigint NOT NULL,
    agent          text NOT NULL,
    last_batch     integer NOT NULL,
    since_us       bigint NOT NULL,
    noticed_at     bigint NOT NULL,
    next_batch     integer,
    heard_us       bigint,
    returned_entry bigint,
    PRIMARY KEY (tenant_id, entry)
);

CREATE UNIQUE INDEX agent_silence_open ON agent_silence (tenant_id, agent)
    WHERE returned_entry IS NULL;
