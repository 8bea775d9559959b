-- For one :ticket of ours with :project in Harvest: :entries of two people that name it by :reference, a day apart.
INSERT INTO time_entry (id, project_id, user_id, task_id, spent_date, hours, rounded_hours, banked_hours, billable,
    is_running, is_locked, is_billed, updated_at, created_at, notes, external_id, started_time)
SELECT 1000000 * :ticket + n, :project, 2001 + n % 2, 5001, current_date - n / 3, 25, 25, 25, n % 5 > 0, false, false,
    false, now(), now() - n / 3 * interval '1 day', 'Read logs, reproduced the restart', ':reference',
    CASE WHEN n % 2 = 0 THEN '9:30' END
FROM generate_series(1, :entries) n;
INSERT INTO harvest_user (id, is_active, is_contractor, weekly_capacity, updated_at, name, email, timezone, access_roles)
SELECT 2000 + n, true, false, 0, now(), 'Agent ' || n, '', 'Berlin', '{}' FROM generate_series(1, 100) n
ON CONFLICT DO NOTHING;
