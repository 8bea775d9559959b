-- Harvest's data as we last saw it. Owned by plugin_server/mirror; anyone's SQL may read it.
-- Hours are integer hundredths: bulk writes and sums are several times cheaper than with numeric.

CREATE TABLE harvest_project (
    id          bigint PRIMARY KEY,
    client_id   bigint      NOT NULL,
    is_active   boolean     NOT NULL,
    updated_at  timestamptz NOT NULL,
    name        text        NOT NULL,
    code        text,
    client_name text        NOT NULL
);

CREATE TABLE time_entry (
    id                 bigint PRIMARY KEY,
    project_id         bigint      NOT NULL,
    user_id            bigint      NOT NULL,
    task_id            bigint      NOT NULL,
    spent_date         date        NOT NULL,
    hours              integer     NOT NULL, -- hundredths of an hour
    rounded_hours      integer,              -- hundredths, after the account's time rounding
    billable           boolean     NOT NULL,
    is_running         boolean     NOT NULL,
    is_locked          boolean     NOT NULL,
    is_billed          boolean     NOT NULL,
    updated_at         timestamptz NOT NULL,
    created_at         timestamptz NOT NULL,
    deleted_at         timestamptz,          -- when we learnt that Harvest no longer has it
    external_id        text,                 -- <helpdesk host>:<ticket id> where it names a ticket of ours
    external_group_id  text,
    external_permalink text,
    notes              text
);
CREATE INDEX time_entry_project ON time_entry (project_id);
CREATE INDEX time_entry_external ON time_entry (external_id) WHERE external_id IS NOT NULL;

-- What each connected person may track time on, as Harvest told that person.
CREATE TABLE project_assignment (
    user_id    bigint  NOT NULL,
    project_id bigint  NOT NULL,
    task_id    bigint  NOT NULL,
    billable   boolean NOT NULL,
    task_name  text    NOT NULL,
    position   integer NOT NULL, -- Harvest's own order
    PRIMARY KEY (user_id, project_id, task_id)
);

-- How far each sync has come; moved in the transaction that writes the rows.
CREATE TABLE sync_watermark (
    name       text PRIMARY KEY,
    reached_at timestamptz NOT NULL
);

-- The account's company: links for people are built from its address.
CREATE TABLE harvest_company (
    only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    base_uri   text    NOT NULL,
    wants_timestamp_timers boolean NOT NULL
);
