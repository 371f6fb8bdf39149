"""Whether it went right, in SQL of its own over the tables, the mail server's log and what the desk wrote down.

No code that promises or sends has a part in it.
"""
# ruff: noqa: S608 (put together from what stands here, from nothing else)

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from psycopg2.extras import execute_values

from clinic.chaos.deeds import Done
from clinic.chaos.faults import CRASHED, Spell
from clinic.chaos.fleet import Kill
from clinic.chaos.mailserver import GONE, TEXT, UNHEARD
from clinic.chaos.pace import Pace

# That a letter went out is written when the next one begins, and what is written is on the disk a moment later.
TO_DISK = 1.0  # seconds, of which PostgreSQL promises 0.6
TABLES = """
DROP TABLE IF EXISTS taken, done, killed, away;
CREATE TEMP TABLE taken (message_id text, "to" text, at float, begun float, pid int, fault text, heard bool);
CREATE TEMP TABLE done (what text, pk bigint, began float, stood float);
CREATE TEMP TABLE killed (pid int, at float);
CREATE TEMP TABLE away (began float, ended float);
"""
# The gateway gives texts names of its own: by these the rows know them. A row that was given up since its text may have
# arrived knows none, and belongs to the text to that number that no other row knows.
NAME_TEXTS = """
UPDATE taken SET message_id = row.message_id FROM reminders_message AS row
WHERE taken.fault = %(text)s AND row.provider_ref = taken.message_id;
UPDATE taken SET message_id = row.message_id
FROM reminders_message AS row JOIN patients_patient AS patient ON patient.id = row.patient_id
WHERE taken.message_id LIKE 'SM%%' AND row.channel = 'sms' AND row.maybe_twice AND row.provider_ref = ''
    AND patient.phone = taken."to"
"""
ABOUT = "kind, channel, patient_id, staff_id, course_id, session_id, link_id, offer_id, step, subject_version"
# Whoever took it in hand knows no end of it: nobody said yes in time, or they were killed, or had nowhere to write it
# down.
INTERRUPTED = """
(taken.pid = 0 OR NOT taken.heard OR taken.fault = ANY(%(unheard)s)
 OR EXISTS (SELECT FROM killed WHERE killed.pid = taken.pid
     AND killed.at BETWEEN taken.at - 0.5 AND taken.at + %(lease)s)
 OR EXISTS (SELECT FROM away WHERE taken.at BETWEEN away.began - %(unwritten)s AND away.ended))
"""
# Promised for a moment that is past, and neither gone nor given up with a reason.
WAITING = """
SELECT count(*) FROM reminders_message WHERE state IN ('due', 'sending') AND due_at < clock_timestamp()
"""
SAID_BUT_NOT_TAKEN = """
SELECT count(*) FROM reminders_message AS message WHERE state IN ('sent', 'delivered')
    AND NOT EXISTS (SELECT FROM taken WHERE taken.message_id = message.message_id)
"""
GIVEN_UP = """
SELECT count(*) FROM reminders_message AS message JOIN patients_patient AS patient ON patient.id = patient_id
WHERE state = 'expired'
    OR state = 'failed' AND patient.email NOT LIKE %(gone)s AND NOT (message.channel = 'sms' AND maybe_twice)
"""
TAKEN_BUT_NOT_SAID = """
SELECT count(*) FROM reminders_message AS message WHERE state NOT IN ('sent', 'delivered', 'bounced', 'sending')
    AND NOT maybe_twice AND EXISTS (SELECT FROM taken WHERE taken.message_id = message.message_id)
"""
# What was asked for has its row: a link its letter, a finished course its recall, a booked course a word of it, and
# every session that is still to come its first reminder; by text, if that was wanted before its time.
NEVER_PROMISED = """
SELECT count(*) FROM (
    SELECT link.id FROM patients_interviewlink AS link
    WHERE NOT EXISTS (SELECT FROM reminders_message AS row WHERE row.link_id = link.id AND row.kind = 'interview')
    UNION ALL
    SELECT course.id FROM courses_course AS course WHERE course.state = 'finished' AND course.protocol_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM reminders_message AS row WHERE row.course_id = course.id AND row.kind = 'maintenance')
    UNION ALL
    SELECT course.id FROM courses_course AS course
    WHERE EXISTS (SELECT FROM schedule_session AS session WHERE session.course_id = course.id)
    AND NOT EXISTS (SELECT FROM reminders_message AS row WHERE row.course_id = course.id AND row.kind = 'booked')
    UNION ALL
    SELECT session.id FROM schedule_session AS session WHERE session.state = 'booked' AND NOT EXISTS (
        SELECT FROM reminders_message AS row
        WHERE row.session_id = session.id AND row.subject_version = session.version AND row.kind = 'reminder')
    UNION ALL
    SELECT mail.id FROM reminders_message AS mail JOIN schedule_session AS session ON session.id = mail.session_id
    JOIN done ON done.what = 'to texts' AND done.pk = mail.patient_id
    WHERE mail.kind = 'reminder' AND mail.channel = 'email' AND mail.state = 'suppressed'
    AND session.state = 'booked' AND session.version = mail.subject_version
    AND extract(epoch FROM mail.due_at) > done.stood AND NOT EXISTS (
        SELECT FROM reminders_message AS text
        WHERE text.channel = 'sms' AND text.kind = 'reminder' AND text.session_id = mail.session_id
        AND text.step = mail.step AND text.subject_version = mail.subject_version)
) AS wanting
"""
UNKNOWN = """
SELECT count(*) FROM taken WHERE NOT EXISTS (
    SELECT FROM reminders_message AS row WHERE row.message_id = taken.message_id)
"""
ASKED_FOR = (
    "('interview', 'offer', 'offer_lost')"  # nobody opts out of that, and it goes the way it was asked for
)
# The letters that a change made untrue, with how many seconds after the change they were begun, and taken. How long a
# conversation lasts is no matter of theirs: what is begun cannot be called back.
UNTRUE = f"""
SELECT taken.at - done.stood AS late, taken.begun - done.stood AS begun
FROM done JOIN reminders_message AS message
    ON done.what IN ('cancel', 'move') AND message.session_id = done.pk
        AND extract(epoch FROM message.created_at) < done.began
    OR done.what = 'revoke' AND message.link_id = done.pk
    OR done.what = 'opt out' AND message.patient_id = done.pk AND message.kind NOT IN {ASKED_FOR}
    OR done.what = 'to texts' AND message.patient_id = done.pk AND message.kind NOT IN {ASKED_FOR}
        AND message.channel = 'email'
JOIN taken ON taken.message_id = message.message_id AND taken.at > done.stood
"""
AFTER = f"SELECT count(*) FROM ({UNTRUE}) AS untrue WHERE begun > %(window)s"
OVERTAKEN = f"SELECT count(*) FROM ({UNTRUE}) AS untrue WHERE begun <= %(window)s"
OVERTAKEN_BY = f"SELECT coalesce(max(late), 0) FROM ({UNTRUE}) AS untrue WHERE begun <= %(window)s"
AGAIN = """
SELECT taken.*, row_number() OVER (PARTITION BY message_id ORDER BY at DESC) AS from_last FROM taken
"""
AGAIN_UNFLAGGED = f"""
SELECT count(*) FROM ({AGAIN}) AS taken JOIN reminders_message AS message USING (message_id)
WHERE from_last > 1 AND NOT maybe_twice
"""
AGAIN_FOR_NOTHING = f"SELECT count(*) FROM ({AGAIN}) AS taken WHERE from_last > 1 AND NOT {INTERRUPTED}"
AGAIN_AFTER_A_CRASH = f"SELECT count(*) FROM ({AGAIN}) AS taken WHERE from_last > 1 AND {INTERRUPTED}"
PROMISED_TWICE = f"""
SELECT coalesce(sum(rows - 1), 0)::int FROM (
    SELECT count(*) AS rows FROM reminders_message GROUP BY {ABOUT} HAVING count(*) > 1
) AS subject
"""
WRONG = {
    "lost: still waiting": WAITING,
    "lost: said to be sent, never taken": SAID_BUT_NOT_TAKEN,
    "lost: given up without a 550": GIVEN_UP,
    "lost: never promised": NEVER_PROMISED,
    "taken, and the row does not say so": TAKEN_BUT_NOT_SAID,
    "taken, and nobody promised it": UNKNOWN,
    "sent after it was cancelled, moved, taken back or unwanted": AFTER,
    "sent twice with nobody interrupted": AGAIN_FOR_NOTHING,
    "sent twice and not flagged": AGAIN_UNFLAGGED,
    "promised twice": PROMISED_TWICE,
}
COUNTS = {
    "messages promised": "SELECT count(*) FROM reminders_message",
    "letters taken": "SELECT count(*) FROM taken WHERE fault <> %(text)s",
    "texts taken": "SELECT count(*) FROM taken WHERE fault = %(text)s",
    "refused with 550": "SELECT count(*) FROM reminders_message WHERE state = 'failed' AND channel = 'email'",
    "texts given up, since they may have arrived": """
        SELECT count(*) FROM reminders_message WHERE state = 'failed' AND channel = 'sms'
    """,
    "taken back": "SELECT count(*) FROM reminders_message WHERE state = 'suppressed'",
    "sent again after an interruption, flagged, same Message-ID": AGAIN_AFTER_A_CRASH,
    "flagged as maybe sent twice": "SELECT count(*) FROM reminders_message WHERE maybe_twice",
    "overtaken by a change while on its way": OVERTAKEN,
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen from outside: the letters taken, the desk's changes, who was killed or ended, what was away."""

    taken: Sequence[Mapping]
    done: Sequence[Done]
    kills: Sequence[Kill]
    ends: Sequence[Kill]
    spells: Sequence[Spell]
    ended_alone: int  # workers that ended though nobody killed them


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many of each kind of wrong there are, what else was counted, and the longest that a letter was overtaken."""

    wrong: Mapping[str, int]
    counts: Mapping[str, int]
    overtaken_by: float  # seconds

    @property
    def clean(self) -> bool:
        return not any(self.wrong.values())


def judge(evidence: Evidence, pace: Pace) -> Verdict:
    """Ask everything of the database that is connected, which was chased at this pace."""
    asked: dict[str, Any] = {
        "unheard": list(UNHEARD),
        "gone": f"{GONE}%",
        "text": TEXT,
        "lease": pace.lease,
        "window": pace.letter,
        "unwritten": 2 * pace.letter + TO_DISK,
    }
    with connection.cursor() as cursor:
        _tell(cursor, evidence)
        cursor.execute(NAME_TEXTS, asked)

        def ask(sql: str) -> float:
            cursor.execute(sql, asked)
            return cursor.fetchone()[0]

        wrong = {name: int(ask(sql)) for name, sql in WRONG.items()}
        counts = {name: int(ask(sql)) for name, sql in COUNTS.items()}
        return Verdict(wrong, counts, ask(OVERTAKEN_BY))


def _tell(cursor, evidence: Evidence) -> None:
    """Write what was seen into tables that only this connection sees."""
    cursor.execute(TABLES)
    killed = [(one.pid, one.at) for one in (*evidence.kills, *evidence.ends)]
    rows = {
        "taken": [
            tuple(taken[name] for name in ("message_id", "to", "at", "begun", "pid", "fault", "heard"))
            for taken in evidence.taken
        ],
        "done": [(d.what, d.pk, d.began, d.stood) for d in evidence.done],
        "killed": killed,
        "away": [(spell.began, spell.ended) for spell in evidence.spells if spell.what == CRASHED],
    }
    for table, values in rows.items():
        execute_values(cursor.cursor, f"INSERT INTO {table} VALUES %s", values)
