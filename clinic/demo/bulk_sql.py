"""The SQL of the bulk load: one statement a table. Parameters are named in `bulk.py`."""

KINDS = """
CREATE TEMPORARY TABLE bulk_kind (
    kind int PRIMARY KEY, birth_date date, sex text, answers jsonb, allergies jsonb,
    facts jsonb, plan jsonb, result jsonb, finding_digests jsonb, verdict text, digest text
) ON COMMIT DROP
"""
ADD_KIND = "INSERT INTO bulk_kind VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"

PATIENTS = """
INSERT INTO patients_patient
    (id, name, called, birth_date, sex, phone, email, note, reminders, channel, language,
     created_at, created_by_id, version)
SELECT
    %(patient0)s + 1 + i,
    (ARRAY['Ada','Berta','Celia','Dana','Emma','Flora','Greta','Hanna','Ines','Jana','Karin','Lena','Mira','Nora',
        'Olga','Petra','Rosa','Sara','Tina','Ula','Vera','Wanda','Żaneta'])[1 + i %% 23]
    || ' ' || (ARRAY['Adler','Baran','Czech','Duda','Engel','Falk','Graf','Huber','Ilic','Jansen','Keller','Lange',
        'Maier','Nagy','Orban','Pavlov','Quist','Rossi','Silva','Toth','Urban','Vidal','Weber','Yilmaz','Zeman',
        'Ćosić','Łuczak','Ørsted','Šimek'])[1 + (i / 23) %% 29]
    || CASE WHEN i %% 3 = 0 THEN '-' || (ARRAY['Bach','Cruz','Diaz','Esser','Fuchs','Gil','Horn'])[1 + (i / 667) %% 7]
        ELSE '' END,
    '', kind.birth_date, kind.sex, '+48' || (500000000 + i), 'p' || i || '@' || %(domain)s, '', true, 'email', 'en',
    %(at)s, (%(staff)s::bigint[])[1 + i %% %(at_once)s], 1
FROM generate_series(0, %(patients)s - 1) AS i
JOIN bulk_kind AS kind ON kind.kind = i %% %(kinds)s
"""

INTERVIEWS = """
INSERT INTO patients_interview
    (id, patient_id, number, answers, allergies, started_at, started_by_id, saved_at, saved_by_id, version,
     submitted_at, submitted_by_id)
SELECT
    %(interview0)s + 1 + i, %(patient0)s + 1 + i, 1, kind.answers, kind.allergies,
    %(at)s, by, %(at)s, by, 1, %(at)s, by
FROM generate_series(0, %(patients)s - 1) AS i
JOIN bulk_kind AS kind ON kind.kind = i %% %(kinds)s
CROSS JOIN LATERAL (SELECT (%(staff)s::bigint[])[1 + i %% %(at_once)s] AS by) AS person
"""

SCREENINGS = """
INSERT INTO contraindications_screening
    (id, patient_id, interview_id, rule_set_id, as_of, facts, plan, result, finding_digests, verdict, digest, at, by_id)
SELECT
    %(screening0)s + 1 + i, %(patient0)s + 1 + i, %(interview0)s + 1 + i, %(rule_set)s,
    (%(at)s::timestamptz AT TIME ZONE %(zone)s)::date, kind.facts, kind.plan, kind.result, kind.finding_digests,
    kind.verdict,
    kind.digest, %(at)s, (%(staff)s::bigint[])[1 + i %% %(at_once)s]
FROM generate_series(0, %(patients)s - 1) AS i
JOIN bulk_kind AS kind ON kind.kind = i %% %(kinds)s
"""

# Every session with its place: fortnight, working day of it, time of the day, practitioner (and room).
PLACES = """
CREATE TEMPORARY TABLE bulk_session ON COMMIT DROP AS
SELECT
    s, course, number, place %% %(at_once)s + 1 AS who, course %% %(patients)s AS patient,
    fortnight < %(past)s AS performed, starts_at, starts_at + %(minutes)s * interval '1 minute' AS ends_at
FROM generate_series(0, %(sessions)s - 1) AS s
CROSS JOIN LATERAL (
    SELECT s / %(in_course)s AS course, s %% %(in_course)s + 1 AS number
) AS one
CROSS JOIN LATERAL (
    SELECT course %% %(in_wave)s AS place, course / %(in_wave)s * 5 + number - 1 AS fortnight
) AS two
CROSS JOIN LATERAL (
    SELECT
        CASE WHEN fortnight < %(past)s THEN %(before)s::date - 14 * (%(past)s - fortnight)
            ELSE %(after)s::date + 14 * (fortnight - %(past)s) END
        + place / %(in_day)s / 5 * 7 + place / %(in_day)s %% 5 AS on_day,
        place %% %(in_day)s / %(at_once)s AS slot
) AS three
CROSS JOIN LATERAL (
    SELECT (on_day + time '08:00' + slot * %(minutes)s * interval '1 minute') AT TIME ZONE %(zone)s AS starts_at
) AS four
"""

COURSES = """
INSERT INTO courses_course
    (id, patient_id, key, state, goal_id, area_id, technique_id, injection_depth, parameters, composition_reason,
     protocol_id, sessions_planned, interval_min, interval_target, interval_max, session_minutes, screening_id,
     created_at, created_by_id, confirmed_at, confirmed_by_id, finished_at, version)
SELECT
    %(course0)s + 1 + course, %(patient0)s + 1 + patient, md5('course ' || course)::uuid,
    CASE WHEN done THEN 'finished' ELSE 'confirmed' END, %(goal)s, %(area)s, %(technique)s, 'intradermal', '{}', '',
    %(protocol)s, %(in_course)s, 14, 14, 42, %(minutes)s, %(screening0)s + 1 + patient,
    first - interval '9 days', by, first - interval '9 days', by, CASE WHEN done THEN last END, 3
FROM (
    SELECT course, patient, bool_and(performed) AND count(*) = %(in_course)s AS done, min(starts_at) AS first,
        max(ends_at) AS last, (%(staff)s::bigint[])[who] AS by
    FROM bulk_session GROUP BY course, patient, who
) AS course
ORDER BY course
"""

COCKTAILS = """
INSERT INTO courses_course_ingredients (course_id, ingredient_id)
SELECT %(course0)s + 1 + course, %(ingredient)s FROM generate_series(0, %(courses)s - 1) AS course
"""

BOOKINGS = """
INSERT INTO schedule_booking (id, course_id, key, booked_at, booked_by_id)
SELECT %(booking0)s + 1 + course.id - 1 - %(course0)s, course.id, md5('booking ' || course.id)::uuid,
    course.confirmed_at, course.confirmed_by_id
FROM courses_course AS course WHERE course.id > %(course0)s
"""

RESOURCES = """
INSERT INTO schedule_resource (id, patient_id)
SELECT %(resource0)s + 1 + i, %(patient0)s + 1 + i FROM generate_series(0, %(patients)s - 1) AS i
"""

SESSIONS = """
INSERT INTO schedule_session
    (id, course_id, number, state, practitioner_id, room_id, starts_at, ends_at, booked_at, booked_by_id,
     added_minutes, cancelled_late, cancel_reason, interval_reason, version)
SELECT
    %(session0)s + 1 + s, %(course0)s + 1 + course, number,
    CASE WHEN performed THEN 'performed' ELSE 'booked' END,
    (%(staff)s::bigint[])[who], (%(rooms)s::bigint[])[who], starts_at, ends_at,
    starts_at - (9 + 14 * (number - 1)) * interval '1 day', (%(staff)s::bigint[])[who], 0, false, '', '',
    CASE WHEN performed THEN 2 ELSE 1 END
FROM bulk_session
ORDER BY starts_at
"""

RESERVATIONS = """
INSERT INTO schedule_reservation (resource_id, period, why, session_id, squeezed, squeeze_reason)
SELECT resource, tstzrange(starts_at, ends_at, '[)'), 'session', %(session0)s + 1 + s, false, ''
FROM bulk_session
CROSS JOIN LATERAL (
    VALUES ((%(busy)s::bigint[])[who]), ((%(places)s::bigint[])[who]), (%(resource0)s + 1 + patient)
) AS taken (resource)
ORDER BY starts_at
"""

VISITS = """
INSERT INTO visits_visit (session_id, performed_at, performed_by_id, cocktail, screening_id, note, recorded_at)
SELECT %(session0)s + 1 + s, ends_at, (%(staff)s::bigint[])[who], %(cocktail)s::jsonb, %(screening0)s + 1 + patient,
    '', ends_at
FROM bulk_session WHERE performed
"""

MESSAGES = """
INSERT INTO reminders_message
    (kind, channel, patient_id, course_id, about, step, subject_version, due_at, try_at, not_after, state, attempts,
     message_id, language, sent_to, sent_subject, sent_text, sent_at, provider_ref, maybe_twice, why, created_at)
SELECT
    'maintenance', 'email', patient_id, course.id, '{}', 1, course.version, due_at, due_at, due_at + interval '14 days',
    CASE WHEN sent THEN 'sent' ELSE 'due' END, sent::int,
    '<' || md5('message ' || course.id) || '@' || %(domain)s || '>',
    'en', CASE WHEN sent THEN patient.email ELSE '' END, '', '', CASE WHEN sent THEN due_at END, '', false, '',
    finished_at
FROM courses_course AS course
JOIN patients_patient AS patient ON patient.id = patient_id
CROSS JOIN LATERAL (
    SELECT ((finished_at AT TIME ZONE %(zone)s)::date + 7 * %(weeks)s + time '09:00') AT TIME ZONE %(zone)s AS due_at
) AS one
CROSS JOIN LATERAL (SELECT due_at < %(day)s::date::timestamp AT TIME ZONE %(zone)s AS sent) AS two
WHERE course.id > %(course0)s AND course.state = 'finished'
"""


def steps(patients: int, courses: int, sessions: int) -> list[tuple[str, int, str]]:
    """(what, how many, statement) in order."""
    return [
        ("patients", patients, PATIENTS),
        ("interviews", patients, INTERVIEWS),
        ("screenings", patients, SCREENINGS),
        ("places in the calendar", sessions, PLACES),
        ("courses", courses, COURSES),
        ("cocktails", courses, COCKTAILS),
        ("bookings", courses, BOOKINGS),
        ("resources", patients, RESOURCES),
        ("sessions", sessions, SESSIONS),
        ("reservations", 3 * sessions, RESERVATIONS),
        ("visits", sessions, VISITS),
        ("messages", courses, MESSAGES),
    ]
