-- The mirror as a sync of its own: more of an entry, the account's directory, what has changed, how each sync is doing.
-- Owned by plugin_server/mirror; anyone's SQL may read it. Rates are integer ten-thousandths of the currency's unit,
-- hours and money amounts integer hundredths.

ALTER TABLE time_entry
    ADD COLUMN client_id       bigint,
    ADD COLUMN billable_rate   bigint, -- null: not billable, or nobody who may see rates has read it
    ADD COLUMN cost_rate       bigint, -- null: nobody who may see costs has read it
    ADD COLUMN budgeted        boolean,
    ADD COLUMN approval_status text,
    ADD COLUMN invoice_id      bigint,
    ADD COLUMN started_time    text, -- wall clock in its user's zone, in the account's notation
    ADD COLUMN ended_time      text;
CREATE INDEX time_entry_day ON time_entry (spent_date);

ALTER TABLE harvest_project
    ADD COLUMN budget_by         text NOT NULL DEFAULT 'none',
    ADD COLUMN budget            bigint, -- hundredths of an hour
    ADD COLUMN budget_is_monthly boolean NOT NULL DEFAULT false,
    ADD COLUMN cost_budget       bigint, -- hundredths
    ADD COLUMN is_billable       boolean NOT NULL DEFAULT true,
    ADD COLUMN bill_by           text NOT NULL DEFAULT 'none',
    ADD COLUMN hourly_rate       bigint,
    ADD COLUMN is_fixed_fee      boolean NOT NULL DEFAULT false,
    ADD COLUMN fee               bigint, -- hundredths
    ADD COLUMN starts_on         date,
    ADD COLUMN ends_on           date,
    ADD COLUMN deleted_at        timestamptz; -- when we learnt that Harvest no longer has it

CREATE TABLE harvest_client (
    id         bigint PRIMARY KEY,
    is_active  boolean     NOT NULL,
    updated_at timestamptz NOT NULL,
    name       text        NOT NULL,
    currency   text
);

CREATE TABLE harvest_user (
    id              bigint PRIMARY KEY,
    is_active       boolean     NOT NULL,
    is_contractor   boolean     NOT NULL,
    weekly_capacity integer     NOT NULL, -- seconds
    updated_at      timestamptz NOT NULL,
    name            text        NOT NULL,
    email           text        NOT NULL,
    timezone        text        NOT NULL, -- Harvest's own name for it
    access_roles    text[]      NOT NULL
);

CREATE TABLE harvest_task (
    id                    bigint PRIMARY KEY,
    billable_by_default   boolean     NOT NULL,
    default_hourly_rate   bigint,
    is_default            boolean     NOT NULL,
    is_active             boolean     NOT NULL,
    updated_at            timestamptz NOT NULL,
    name                  text        NOT NULL
);

CREATE TABLE harvest_user_assignment (
    id                 bigint PRIMARY KEY,
    project_id         bigint      NOT NULL,
    user_id            bigint      NOT NULL,
    is_active          boolean     NOT NULL,
    is_project_manager boolean     NOT NULL,
    use_default_rates  boolean     NOT NULL,
    hourly_rate        bigint,
    budget             bigint, -- hundredths of an hour
    updated_at         timestamptz NOT NULL
);
CREATE INDEX harvest_user_assignment_project ON harvest_user_assignment (project_id, user_id);

CREATE TABLE harvest_task_assignment (
    id          bigint PRIMARY KEY,
    project_id  bigint      NOT NULL,
    task_id     bigint      NOT NULL,
    is_active   boolean     NOT NULL,
    billable    boolean     NOT NULL,
    hourly_rate bigint,
    budget      bigint, -- hundredths, of an hour or of the currency's unit, as the project's budget_by says
    updated_at  timestamptz NOT NULL
);
CREATE INDEX harvest_task_assignment_project ON harvest_task_assignment (project_id, task_id);

-- From when on a person is billed, or costs, so much an hour; -infinity: from the beginning.
CREATE TABLE harvest_rate (
    user_id    bigint NOT NULL,
    kind       text   NOT NULL CHECK (kind IN ('billable', 'cost')),
    start_date date   NOT NULL,
    amount     bigint NOT NULL,
    PRIMARY KEY (user_id, kind, start_date)
);

-- What has changed in the entries, for features that follow them, each at its own position. Written by the triggers
-- below in the transaction that changes the entry. A transaction may commit after one that began later: who reads in
-- the order of (xid, position), and only what is older than every transaction that still runs, misses nothing.
CREATE TABLE changed_entry (
    xid            xid8        NOT NULL DEFAULT pg_current_xact_id(),
    position       bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    entry_id       bigint      NOT NULL,
    old_project_id bigint, -- old_*: null for an entry that was not there, new_*: for one that is gone
    new_project_id bigint,
    old_reference  text,
    new_reference  text,
    old_day        date,
    new_day        date,
    at             timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (xid, position)
);

CREATE TABLE change_reader (
    name     text PRIMARY KEY,
    xid      xid8   NOT NULL DEFAULT '0',
    position bigint NOT NULL DEFAULT 0
);

CREATE FUNCTION note_new_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changed_entry (entry_id, new_project_id, new_reference, new_day)
    SELECT id, project_id, external_id, spent_date FROM new_entries WHERE deleted_at IS NULL ORDER BY id;
    RETURN NULL;
END $$;

-- The hours of a running timer tick without anything having changed: what counts then is what was banked before.
CREATE FUNCTION note_changed_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changed_entry
        (entry_id, old_project_id, new_project_id, old_reference, new_reference, old_day, new_day)
    SELECT o.id,
        CASE WHEN o.deleted_at IS NULL THEN o.project_id END, CASE WHEN n.deleted_at IS NULL THEN n.project_id END,
        CASE WHEN o.deleted_at IS NULL THEN o.external_id END, CASE WHEN n.deleted_at IS NULL THEN n.external_id END,
        CASE WHEN o.deleted_at IS NULL THEN o.spent_date END, CASE WHEN n.deleted_at IS NULL THEN n.spent_date END
    FROM old_entries o JOIN new_entries n ON n.id = o.id
    WHERE (o.deleted_at IS NULL) <> (n.deleted_at IS NULL)
        OR o.deleted_at IS NULL AND (
            o.project_id, o.user_id, o.task_id, o.spent_date, o.billable, o.is_running, o.timer_started_at,
            o.banked_hours, CASE WHEN NOT o.is_running THEN o.hours END,
            CASE WHEN NOT o.is_running THEN o.rounded_hours END, o.is_locked, o.is_billed, o.external_id,
            o.external_group_id, o.external_permalink, o.notes, o.client_id, o.billable_rate, o.cost_rate, o.budgeted,
            o.approval_status, o.invoice_id, o.started_time, o.ended_time
        ) IS DISTINCT FROM (
            n.project_id, n.user_id, n.task_id, n.spent_date, n.billable, n.is_running, n.timer_started_at,
            n.banked_hours, CASE WHEN NOT n.is_running THEN n.hours END,
            CASE WHEN NOT n.is_running THEN n.rounded_hours END, n.is_locked, n.is_billed, n.external_id,
            n.external_group_id, n.external_permalink, n.notes, n.client_id, n.billable_rate, n.cost_rate, n.budgeted,
            n.approval_status, n.invoice_id, n.started_time, n.ended_time
        )
    ORDER BY o.id;
    RETURN NULL;
END $$;

CREATE TRIGGER time_entry_is_new AFTER INSERT ON time_entry
    REFERENCING NEW TABLE AS new_entries FOR EACH STATEMENT EXECUTE FUNCTION note_new_entries();
CREATE TRIGGER time_entry_has_changed AFTER UPDATE ON time_entry
    REFERENCING OLD TABLE AS old_entries NEW TABLE AS new_entries
    FOR EACH STATEMENT EXECUTE FUNCTION note_changed_entries();

-- How each sync is doing; its rows and calls are those of its last run.
CREATE TABLE sync_state (
    name          text PRIMARY KEY,
    began_at      timestamptz NOT NULL,
    succeeded_at  timestamptz, -- when its last run ended that did all it had to
    failing_since timestamptz, -- null: its last run found nothing to complain of
    problem       text,        -- in Harvest's words or ours, fit for people
    rows          bigint      NOT NULL DEFAULT 0,
    calls         integer     NOT NULL DEFAULT 0,
    CHECK ((failing_since IS NULL) = (problem IS NULL))
);

-- A listing too long for one run: how far it has come. Moved in the transaction that writes the rows.
CREATE TABLE sync_pass (
    name     text PRIMARY KEY,
    began_at timestamptz NOT NULL, -- the watermark to be, when it has come to its end
    since    timestamptz,          -- what it asks changes after; null: everything
    reached  date                  -- entries of later days have been read; null: it has not begun
);

-- Which months of a history that is imported by hand are done; emptied when all are.
CREATE TABLE import_window (
    scope       text NOT NULL, -- project:<id>, or all
    first_day   date NOT NULL,
    last_day    date NOT NULL,
    finished_at timestamptz NOT NULL,
    PRIMARY KEY (scope, first_day, last_day)
);

-- When the entries of a project or ticket were last listed for their deletions.
CREATE TABLE relisted (
    scope text PRIMARY KEY, -- project:<id> or reference:<external id>
    at    timestamptz NOT NULL
);
