-- Corrections of time entries: what stood there, what was asked for, by whom and with whose access to Harvest, and what
-- became of it. A row is the wish first and then its audit: once it is decided it stays as it is.
-- Owned by plugin_server/corrections.

CREATE TABLE entry_correction (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    entry_id     bigint      NOT NULL, -- in Harvest
    kind         text        NOT NULL CHECK (kind IN ('change', 'delete')),
    state        text        NOT NULL CHECK (state IN ('asked', 'done', 'refused', 'withdrawn')),
    agent_id     bigint      NOT NULL,
    asked_by     text        NOT NULL, -- the name then
    asked_by_user bigint     NOT NULL, -- in the helpdesk
    asked_at     timestamptz NOT NULL,
    access       text        NOT NULL CHECK (access IN ('own', 'service')), -- whose token: the asker's or the service's
    access_name  text        NOT NULL, -- whom Harvest takes its owner for
    may_fall_back boolean    NOT NULL, -- from the asker's to the service's, where Harvest denies it
    before       jsonb       NOT NULL,
    after        jsonb,                -- null: deleted
    tickets      bigint[]    NOT NULL, -- that it counted for and was moved to
    position     bigint      NOT NULL GENERATED ALWAYS AS IDENTITY, -- its place in a ticket's timeline
    problem      text,                 -- why it is not done yet, or was refused, in words
    problem_code text,
    called_at    timestamptz,          -- when a call to Harvest began whose outcome is not known
    attempts     integer     NOT NULL DEFAULT 0,
    next_try_at  timestamptz NOT NULL,
    claim        uuid,
    lease_until  timestamptz,
    changed_at   timestamptz NOT NULL  -- of the state
);
-- One at a time for each entry: the next one has to know what this one leaves.
CREATE UNIQUE INDEX entry_correction_one_open ON entry_correction (entry_id) WHERE state = 'asked';
CREATE INDEX entry_correction_entry ON entry_correction (entry_id, asked_at);
CREATE INDEX entry_correction_tickets ON entry_correction USING gin (tickets);
CREATE INDEX entry_correction_due ON entry_correction (next_try_at) WHERE state = 'asked';

CREATE FUNCTION keep_corrections() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a correction that is decided stays as it is';
END $$;

CREATE TRIGGER entry_correction_stays BEFORE UPDATE OR DELETE ON entry_correction
    FOR EACH ROW WHEN (OLD.state <> 'asked') EXECUTE FUNCTION keep_corrections();
