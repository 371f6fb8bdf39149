"""Extensions, and the function behind the patients' search column.

`unaccent` is only STABLE (its dictionary could change), which a generated column refuses; naming the dictionary and
wrapping it makes the promise that we never change it. Hyphens, apostrophes and dots become spaces, so that every
part of a name starts a word; the leading space lets a pattern "% part%" match word starts and use the trigram index.
"""

from django.contrib.postgres.operations import TrigramExtension, UnaccentExtension
from django.db import migrations

CREATE = """
CREATE FUNCTION search_text(said text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN regexp_replace(lower(unaccent('unaccent'::regdictionary, said)), '[-''’`.,()/\\s]+', ' ', 'g');

CREATE FUNCTION patient_search(name text, phone text, birth_date date) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ' ' || search_text(name) || ' ' || regexp_replace(coalesce(phone, ''), '\\D', '', 'g')
    || ' ' || extract(year from birth_date) || '-' || lpad(extract(month from birth_date)::text, 2, '0')
    || '-' || lpad(extract(day from birth_date)::text, 2, '0');
"""
DROP = "DROP FUNCTION patient_search(text, text, date); DROP FUNCTION search_text(text);"


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        TrigramExtension(),
        UnaccentExtension(),
        migrations.RunSQL(CREATE, DROP),
    ]
