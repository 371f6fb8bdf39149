"""The page of documentation that `manage.py bench --write` writes."""

import os
from collections.abc import Iterable

from clinic.bench.booking_report import MOST_TIMES_INSERTS, MOST_TIMES_QUERY
from clinic.bench.message_report import MOST_TIMES_TICK
from clinic.bench.report import MOST_GROWTH, MOST_TIMES_SQL, Table

ABOVE = """# Speed

Written by `manage.py bench --write`; `make bench` prints the same tables. Read the ratios: they hold on other machines,
milliseconds and verdicts per second do not. One process, median of many requests, small and large database in turn.
Measured on {machine}.

What is measured:

- **Verdicts**: `contraindications.rules.screen()` on one core, beside `json.loads` + `json.dumps` of the same case.
  The worked cases are `contraindications/data/worked_cases.json`; then the same cases with every fact answered, as
  the interview of the clinic does it. Reading the case (checking every code and date of it) is shown beside, not in,
  the target.
- **Replay**: `manage.py replay` over stored screenings of the large database (read, screened, spelled out and hashed
  again), beside `screen()` alone over the same facts and plans. It has no target.
- **Pages**: Django's test client through the whole stack of middlewares, as a nurse who is logged in, the access log
  written. The same patient and the same day in both databases: the demo clinic alone, and the demo clinic with the bulk
  of `manage.py seed_demo --patients N --sessions M` beside it.
- **Sessions to come held against new lists**: 10,000 of them after another rule set was published, everything that the
  run does and writes, beside `screen()` alone over the same facts, plans and days, read already. The usual case is that
  nobody's outcome changes; the worst that everybody's does and a new screening is stored for each. Memory is the
  process's, early and late in the run.
- **One change of an allergy**: a new version of the interview of somebody with that many sessions to come, until it and
  all that follows from it are written.
- **A full day**: the day view when twenty practitioners of the bulk treat all day. It has no target; it shows what a
  page costs because of what it shows, not because of what lies behind it.
- **Proposals**: the page that proposes times for a course, over everybody who treats and all rooms, for as long as the
  course can last, beside the bare SQL that fetches the same free time (at most {sql:.0f} times); and with twelve
  thousand and a million sessions of others behind it (at most {growth} times the milliseconds). The bare SQL is the
  query of the page with a row for each span, for as long as the course can last; the page asks at first only for as
  long as good series reach, which is shown beside it, and gets minutes in arrays. "Asked and chosen" is all that is
  read and decided for the proposals, without session, access log, screening, forms and templates around them.
- **Crowded**: the choice alone where 60 % of what is free in the large database is cut away in small pieces.
- **Booking a course**: locks, checks, screening, all rows and what follows from them, taken back each time; beside the
  same rows written one by one in raw SQL under the same constraint, triggers and foreign keys (at most {inserts:.0f}
  times). The rows are the sessions with what they reserve and how they stand, the messages that are promised, the
  form, and the screening of that day with the course's pointer to it: a booking has to keep what it rests on. Neither
  side waits for the disk at the end.
- **The calendar**: what the browser asks for to draw a full day and its week, over everybody, beside the bare query for
  what it shows (at most {calendar:.0f} times). Day and week hold as much in both databases, which
  is why the smaller has 12,000 sessions and not 10,000: with fewer its week would have a day that is nearly empty.
- **Courses booked in a second**: through the page, by processes of their own, each with a practitioner and room of
  their own or all with the same one. Read how it grows: {cores} processors share the clients and the database.

- **Messages**: what is due, sent by one worker to a mail server of its own process, everything asked, checked, written
  and recorded; beside a bare `smtplib` loop over the same texts that makes an `EmailMessage` of each and sends it on
  one connection (at least half as many a second). Beside it the same loop over letters that lie ready as bytes: it
  shows what the wire costs, and has no target, since a letter that nobody has to make is not what the worker sends.
- **Memory of a worker**: early and late in one turn of a hundred thousand messages.
- **The tick**, with a million messages to come, a hundred thousand just sent and a hundred due: all that it asks and
  writes, beside the bare query for what is due alone, by the index that answers it at once (at most {tick:.0f}
  times), and beside that query and the one row that a tick has to write. Both are told the time by the database. A
  tick asks the same in the morning, when staff may want to be told what needs them, as at any other hour.

![Bookings in a second by clients, and times the bare SQL](performance.svg)

The databases are `clinic_bench_small`, `clinic_bench_few` and `clinic_bench_large` (2 GB at full size) on the clinic's
own server. They are kept for the next run; `manage.py bench --drop` throws them away, `--fresh` builds them anew, and
`--patients N --sessions M` makes the large one smaller.
"""


def page(tables: Iterable[Table], *, machine: str) -> str:
    """The whole page as Markdown."""
    tables = list(tables)
    missed = [one for table in tables for one in table.missed]
    below = f"Targets missed: {'; '.join(missed)}." if missed else "Every target is met."
    lines = [
        ABOVE.format(
            machine=machine,
            sql=MOST_TIMES_SQL,
            growth=MOST_GROWTH,
            inserts=MOST_TIMES_INSERTS,
            calendar=MOST_TIMES_QUERY,
            tick=MOST_TIMES_TICK,
            cores=os.cpu_count(),
        ),
        *(line for table in tables for line in table.lines()),
        below,
    ]
    return "\n".join(lines) + "\n"
