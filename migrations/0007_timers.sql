-- Timers: Harvest's own, as started from tickets. Owned by plugin_server/timers.

CREATE TABLE timer (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    agent_id        bigint      NOT NULL,
    ticket_id       bigint      NOT NULL,
    project_id      bigint      NOT NULL,
    task_id         bigint      NOT NULL,
    task_name       text        NOT NULL,
    notes           text        NOT NULL,
    state           text        NOT NULL CHECK (state IN (
        'starting', 'running', 'stopping', 'stopped', 'deleting', 'attention', 'failed', 'ended')),
    run             integer     NOT NULL DEFAULT 1, -- counts Start and Continue
    spent_date      date        NOT NULL,           -- of the run's entry: the person's day when it was started
    start_wanted_at timestamptz NOT NULL,           -- when the person started the run
    stop_wanted_at  timestamptz,                    -- when the person stopped it
    stop_called_at  timestamptz,                    -- when Harvest was told, as far as it may have heard
    began_at        timestamptz,                    -- when the call was made that started the run, by our clock
    timer_started_at timestamptz,                   -- the same, by Harvest's
    banked_hours    integer     NOT NULL DEFAULT 0, -- hundredths that the run's entry held before it
    seen_at         timestamptz NOT NULL,           -- when the person last said that it is really meant to run
    discarded       boolean     NOT NULL DEFAULT false, -- given up: the person is asked whether to keep the entries
    held_by         uuid,                           -- the log that records it; meanwhile it can't be changed
    problem         text,
    problem_code    text,
    called_at       timestamptz,                    -- when a call to Harvest began whose outcome is not known
    check_late_at   timestamptz,                    -- after uncertain calls: look then whether one made another entry
    attempts        integer     NOT NULL DEFAULT 0,
    next_try_at     timestamptz NOT NULL,
    claim           uuid,
    lease_until     timestamptz,
    created_at      timestamptz NOT NULL,
    changed_at      timestamptz NOT NULL            -- of the state
);
CREATE UNIQUE INDEX timer_one_live ON timer (agent_id, ticket_id) WHERE state <> 'ended';
CREATE INDEX timer_due ON timer (next_try_at) WHERE state IN ('starting', 'stopping', 'deleting');
CREATE INDEX timer_running ON timer (agent_id) WHERE state IN ('starting', 'running', 'attention');
CREATE INDEX timer_late ON timer (check_late_at) WHERE check_late_at IS NOT NULL;

-- The entries of a timer's runs, and what stood in them before the log was written into them (for Undo).
CREATE TABLE timer_entry (
    entry_id      bigint PRIMARY KEY, -- in Harvest; an entry belongs to one timer
    timer_id      uuid    NOT NULL REFERENCES timer,
    notes_before  text,
    task_before   bigint,
    hours_before  integer             -- hundredths; null: not recorded yet
);
CREATE INDEX timer_entry_timer ON timer_entry (timer_id);
