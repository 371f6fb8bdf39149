"""Sixty made-up people: names of every shape, ways to reach them that their countries keep for fiction."""

import datetime as dt
import random

from clinic.demo.scene import Scene
from patients.actions import register_patient
from patients.models import Patient

# (full name, how to address them, sex, age). Long and short, one word, right to left, accents, other scripts.
PEOPLE = [
    ("Zofia Błażejewska-Grzegorczyk", "Zofia", "female", 34),
    ("Anna Nowak", "", "female", 41),
    ("Anna Nowak-Lis", "Ania", "female", 29),
    ("Siobhán Ní Dhomhnaill", "Siobhán", "female", 52),
    ("Nguyễn Thị Minh Khai", "Khai", "female", 38),
    ("محمد عبد الرحمن الهاشمي", "أبو كريم", "male", 47),
    ("Suharto", "", "male", 63),
    ("María del Carmen Fernández de la Vega Sanz", "Carmen", "female", 58),
    ("Łukasz Dąbrowski", "", "male", 36),
    ("Chloë Vandenbroucke", "Chloë", "female", 26),
    ("נועה בן־דוד", "נועה", "female", 31),
    ("Björk Þórðardóttir", "Björk", "female", 44),
    ("O'Malley, Grace", "Grace", "female", 49),
    ("李秀英", "李女士", "female", 55),
    ("Aleksandra Wiśniewska", "Ola", "female", 33),
    ("José Luis Rodríguez", "José Luis", "male", 42),
    ("Oluwaseun Adébáyọ̀", "Seun", "male", 30),
    ("Ülkü Çağlayan", "", "female", 37),
    ("Φωτεινή Παπαδοπούλου", "Φωτεινή", "female", 46),
    ("Nadezhda Konstantinovna Preobrazhenskaya-Volkonskaya", "Nadia", "female", 61),
    ("Ewa Ho", "", "female", 28),
    ("Jean-Baptiste d'Aubigné", "Jean-Baptiste", "male", 51),
    ("Teuku Rizky", "Rizky", "male", 27),
    ("Håkan Sjöström", "", "male", 57),
    ("Maja Krajíčková", "", "female", 35),
    ("فاطمة الزهراء بنعلي", "فاطمة", "female", 40),
    ("Ioana-Ștefania Dumitrașcu", "Ioana", "female", 32),
    ("สมหญิง ใจดี", "คุณสมหญิง", "female", 45),
    ("Wiktor Zając", "", "male", 39),
    ("Priya Venkataraghavan", "Priya", "female", 30),
    ("Guadalupe", "Lupe", "female", 48),
    ("Tomoko Ōe", "", "female", 53),
    ("Elżbieta Szczepańska", "Ela", "female", 66),
    ("Ngozi Okonjo", "", "female", 36),
    ("Kateřina Nováková", "Katka", "female", 43),
    ("Gülşen Yılmaz", "", "female", 38),
    ("Friederike Großmann", "Rike", "female", 50),
    ("Amélie Lefèvre", "", "female", 25),
    ("Наталія Шевченко", "Наталія", "female", 42),
    ("Pádraig Mac Giolla Bhríde", "Pádraig", "male", 54),
    ("Ruta Kazlauskaitė", "", "female", 31),
    ("Ana Sofia Gonçalves Brandão", "Ana Sofia", "female", 47),
    ("김민지", "민지", "female", 29),
    ("Renske van der Meer", "Renske", "female", 34),
    ("Dzsenifer Szűcs", "", "female", 27),
    ("Marit Bjørnstad", "", "female", 60),
    ("Agnieszka Król", "", "female", 45),
    ("Samuel Ekwueme", "Sam", "male", 33),
    ("Ilse Aigner-Pfaffenbichler", "Ilse", "female", 56),
    ("Beatriz Ávila", "", "female", 37),
    ("Danuta Pawlak", "", "female", 70),
    ("Yaël Cohen-Solal", "Yaël", "female", 32),
    ("Leilani Kealoha", "Lei", "female", 28),
    ("Magda", "", "female", 39),
    ("Hồ Văn Út", "", "male", 44),
    ("Zuzanna Wójtowicz", "Zuza", "female", 17),
    ("Eszter Kovács", "", "female", 41),
    ("Mikołaj Piątek", "Miki", "male", 24),
    ("Robin Ashworth", "Robin", "unspecified", 35),
    ("Cécile Nguyen-Martin", "", "female", 46),
]
# Ranges that no real person has: PTS (Sweden), Bundesnetzagentur (Germany), NANPA (555-01xx).
PHONES = ["+467017406{:02}", "+49176040690{:02}", "+120255501{:02}"]
NOTES = {
    3: "Prefers mornings.",
    18: "Comes with an interpreter.",
    32: "Ring twice, hard of hearing.",
    50: "By car.",
}
NO_REMINDERS, NO_EMAIL = {11, 46}, {30, 53}


def register(number: int, scene: Scene, *, at: dt.datetime) -> Patient:
    """The person with this number, registered at `at`; as old on the day of the scene as the table says."""
    name, called, sex, age = PEOPLE[number]
    fields = {
        "name": name,
        "called": called,
        "sex": sex,
        "birth_date": _born(age, scene.day, scene.rng),
        "phone": _phone(number),
        "email": "" if number in NO_EMAIL else f"patient{number + 1}@mail.example",
        "note": NOTES.get(number, ""),
        "reminders": number not in NO_REMINDERS,
    }
    return register_patient(fields=fields, key=scene.key(), by=scene.staff["desk"], at=at)


def _born(age: int, day: dt.date, rng: random.Random) -> dt.date:
    """A birthday that makes somebody `age` years old on `day`, and still so for the weeks around it."""
    return day.replace(year=day.year - age, day=min(day.day, 28)) - dt.timedelta(days=rng.randrange(30, 330))


def _phone(number: int) -> str:
    return PHONES[number % len(PHONES)].format(10 + number)
