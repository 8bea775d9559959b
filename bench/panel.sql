-- For each of :agents agents: a project with two tasks, a ticket with a budget of 30 hours, twenty entries that name it.
INSERT INTO harvest_company (base_uri, wants_timestamp_timers) VALUES ('https://acorn.example.com', false);
INSERT INTO harvest_project (id, client_id, is_active, updated_at, name, code, client_name)
SELECT 4000 + n, 1, true, now(), 'Project ' || n, 'P' || n, 'Acorn Bakery' FROM generate_series(1, :agents) n;
INSERT INTO project_assignment (user_id, project_id, task_id, billable, task_name, position)
SELECT 2000 + n, 4000 + n, 5000 + t, true, 'Task ' || t, t
FROM generate_series(1, :agents) n, generate_series(1, 2) t;
INSERT INTO ticket (id, number, title, group_id, project_text, project_id, budget_text, quoted_text, pm_text,
    updated_at, seen_at)
SELECT n, (10000 + n)::text, 'The oven restarts at night', 1, (4000 + n)::text, 4000 + n, '30', '25', '', now(), now()
FROM generate_series(1, :agents) n;
INSERT INTO ticket_link (ticket_id, project_id, linked_at)
SELECT id, project_id, '2026-01-01' FROM ticket;
INSERT INTO time_entry (id, project_id, user_id, task_id, spent_date, hours, rounded_hours, banked_hours, billable,
    is_running, is_locked, is_billed, updated_at, created_at, notes)
SELECT 100 * n + e, 4000 + n, 2000 + n, 5001, current_date - e, 110, 110, 110, true, false, false, false, now(), now(),
    'Read logs, reproduced the restart'
FROM generate_series(1, :agents) n, generate_series(1, 20) e;
INSERT INTO sync_watermark (name, reached_at)
SELECT name, now() FROM unnest(ARRAY['projects', 'time_entries', 'clients', 'tasks', 'users', 'running']) AS name;
