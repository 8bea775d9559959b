-- Logs: what an agent wants recorded, from arming to Harvest. Owned by plugin_server/timelog.

CREATE TABLE log (
    id               uuid PRIMARY KEY, -- made by the caller, so that asking twice is asking once
    agent_id         bigint      NOT NULL,
    ticket_id        bigint      NOT NULL,
    state            text        NOT NULL CHECK (state IN (
        'armed', 'queued', 'logged', 'attention', 'disarmed', 'expired', 'discarded', 'undoing', 'undone')),
    project_id       bigint      NOT NULL,
    task_id          bigint      NOT NULL,
    hours            integer     NOT NULL CHECK (hours > 0), -- hundredths of an hour
    spent_date       date        NOT NULL,
    notes            text        NOT NULL,
    after_article_id bigint,               -- armed: an article above this id confirms it; null: needs none
    article_id       bigint UNIQUE,        -- the article that confirmed it; an article confirms one log only
    entry_id         bigint UNIQUE,        -- in Harvest
    problem          text,                 -- in words, for the agent
    problem_code     text,
    called_at        timestamptz,          -- when a call to Harvest began whose outcome is not known
    check_twins_at timestamptz,          -- after uncertain calls: look then whether one of them made a second entry
    attempts         integer     NOT NULL DEFAULT 0,
    next_try_at      timestamptz NOT NULL,
    claim            uuid,                 -- names the worker that is at it; who lost the claim changes nothing any more
    lease_until      timestamptz,          -- the claim ends then
    created_at       timestamptz NOT NULL,
    changed_at       timestamptz NOT NULL, -- of the state
    expires_at       timestamptz NOT NULL
);
-- One unconfirmed log per agent and ticket: arming again replaces it.
CREATE UNIQUE INDEX log_one_armed ON log (agent_id, ticket_id) WHERE state = 'armed';
CREATE INDEX log_by_agent ON log (agent_id, created_at DESC);
CREATE INDEX log_by_ticket ON log (agent_id, ticket_id, changed_at DESC);
CREATE INDEX log_twins ON log (check_twins_at) WHERE check_twins_at IS NOT NULL;
CREATE INDEX log_due ON log (next_try_at) WHERE state IN ('armed', 'queued', 'undoing', 'attention');
