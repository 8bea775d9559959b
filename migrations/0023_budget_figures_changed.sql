-- What alerts follow: tickets whose figures were computed anew. Owned by plugin_server/budgets.

CREATE TABLE figures_changed (
    ticket_id bigint PRIMARY KEY,
    locked    boolean     NOT NULL, -- it was locked at some moment since it was last looked at
    at        timestamptz NOT NULL
);

-- An alert is told in the ticket as a lock is. Which kinds there are, the code says.
ALTER TABLE budget_notice
    DROP CONSTRAINT IF EXISTS budget_notice_kind_check,
    ADD CONSTRAINT budget_notice_kind_is_a_word CHECK (kind ~ '^[a-z_]+$') NOT VALID;
