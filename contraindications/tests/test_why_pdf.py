"""The why sheet as a PDF: readable by machines and screen readers, the same bytes again, and text stays text."""

import dataclasses
import datetime as dt
import io

import pypdf
import pytest
import segno
import typst

from clinic.typesetting import CannotTypeset
from contraindications.models import Screening
from contraindications.why import checking, pdf
from contraindications.why.sheet import sheet_of

HERPES = {"herpes": {"state": "ended", "until": "2026-11-20"}}


@pytest.fixture
def sheet(screened):
    stored = screened(**HERPES, stroke="current", nsaid="current", allergies=["bees"])
    return sheet_of(Screening.objects.for_page().get(pk=stored.pk))


def reader(content):
    return pypdf.PdfReader(io.BytesIO(content))


def text_of(content):
    """All of its text, without spaces: lines and columns break where they like."""
    return squeezed("".join(page.extract_text() for page in reader(content).pages))


def squeezed(text):
    return "".join(text.replace("\u200b", "").replace("\u00ad", "").split())


def test_it_is_tagged_and_says_so(sheet, at):
    document = reader(pdf.pdf_of(sheet, at=at))
    root = document.trailer["/Root"]

    assert root["/MarkInfo"]["/Marked"].value is True
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"].value is True
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data()
    assert document.metadata.title == sheet.title


def test_its_structure_has_headings_tables_with_heads_and_a_described_picture(sheet, at):
    kinds, described = [], []

    def walk(element):
        element = element.get_object()
        if isinstance(element, list):
            for one in element:
                walk(one)
        elif isinstance(element, dict):
            kinds.append(element.get("/S"))
            described.append(element.get("/Alt"))
            walk(element.get("/K", []))

    walk(reader(pdf.pdf_of(sheet, at=at)).trailer["/Root"]["/StructTreeRoot"]["/K"])
    assert {"/H1", "/H2", "/Table", "/THead", "/TH", "/TD", "/Figure", "/LI"} <= set(kinds)
    assert sheet.code.alt in described


def test_its_fonts_are_in_it(sheet, at):
    fonts = [
        font.get_object()
        for page in reader(pdf.pdf_of(sheet, at=at)).pages
        for font in page["/Resources"]["/Font"].values()
    ]
    described = [font["/DescendantFonts"][0].get_object()["/FontDescriptor"] for font in fonts]

    assert described
    assert all({"/FontFile2", "/FontFile3"} & set(one) for one in described)


def test_it_is_dated_by_the_screening_and_has_nothing_of_the_patient_in_its_metadata(sheet, ana, at):
    document = reader(pdf.pdf_of(sheet, at=at))

    assert document.metadata.creation_date == at.astimezone(dt.UTC)
    assert ana.name not in str(document.metadata) + document.trailer["/Root"]["/Metadata"].get_data().decode()


def test_every_word_of_the_sheet_is_in_it(sheet, at):
    printed = text_of(pdf.pdf_of(sheet, at=at))
    words = [sheet.title, sheet.word, *sheet.next, *sheet.notes, sheet.digest, sheet.code.address]
    for part in sheet.parts:
        for one in (part, *part.parts):
            words += [one.heading, *one.text, *one.lines, *(text for pair in one.pairs for text in pair)]

    assert [text for text in words if squeezed(text) not in printed] == []


def test_every_row_of_its_tables_is_in_it(sheet, at):
    printed = text_of(pdf.pdf_of(sheet, at=at)).replace("-", "")
    cells = {cell for part in sheet.parts if part.table for row in part.table.rows for cell in row}

    assert len(cells) > 44
    assert [cell for cell in cells if squeezed(cell).replace("-", "") not in printed] == []


def test_the_same_sheet_gives_the_same_bytes(sheet, at):
    assert pdf.pdf_of(sheet, at=at) == pdf.pdf_of(sheet, at=at)
    assert pdf.pdf_of(sheet, at=at) != pdf.pdf_of(dataclasses.replace(sheet, word="Other"), at=at)


def named(sheet, name):
    return dataclasses.replace(sheet, about=(("Patient", name), *sheet.about[1:]))


@pytest.mark.parametrize(
    "name",
    [
        "#evil[*bold*] $x^2$",
        "#panic() // gone",
        '"); #read("/etc/passwd") (<label>@reference',
        r"\u{41} \ _under_ `raw` = heading",
        "- item / term: + 1. --- ~",
        "Łucja Żółć-Ǧ, Ελένη, Наталья, Nguyễn Thị Ẩn",
    ],
)
def test_a_hostile_name_is_text(sheet, at, name):
    assert squeezed(name) in text_of(pdf.pdf_of(named(sheet, name), at=at))


@pytest.mark.parametrize(
    ("name", "printed"),
    [("Wang 王", "Wang"), ("smile \U0001f600", "smile"), ("ring\x07 bell\ufffe", "ring"), ("محمد علي", "")],
)
def test_what_no_font_has_is_printed_by_its_number_or_as_it_is(sheet, at, name, printed):
    assert printed in text_of(pdf.pdf_of(named(sheet, name), at=at))


def test_a_character_that_no_font_has_is_not_lost(sheet, at):
    assert "[U+FFFE]" in text_of(pdf.pdf_of(named(sheet, "a\ufffeb"), at=at))


def test_a_long_sheet_is_typeset(sheet, at):
    findings = next(part for part in sheet.parts if part.parts)
    many = dataclasses.replace(findings, parts=findings.parts[:1] * 60)
    long = dataclasses.replace(named(sheet, "Long " * 400), parts=(many, *sheet.parts))

    assert len(reader(pdf.pdf_of(long, at=at)).pages) > 8


def test_what_cannot_be_typeset_says_so_and_logs_nothing_of_it(sheet, at, monkeypatch, tmp_path, caplog):
    broken = tmp_path / "why.typ"
    broken.write_text("#panic(sys.inputs.sheet)")
    monkeypatch.setattr(pdf, "TEMPLATE", broken)

    with pytest.raises(CannotTypeset):
        pdf.pdf_of(named(sheet, "Ana Canary"), at=at)
    assert "Cannot typeset screening-" in caplog.text
    assert "Canary" not in caplog.text


@pytest.mark.parametrize("reads", ['read("/etc/passwd")', 'read("../pdf.py")', 'image("/etc/hostname")'])
def test_a_template_reaches_no_file_outside_its_folder(tmp_path, reads):
    template = tmp_path / "inside" / "why.typ"
    template.parent.mkdir()
    template.write_text(f"#{reads}")

    with pytest.raises(typst.TypstError):
        typst.compile(str(template), root=str(template.parent), format="pdf")


def test_the_code_holds_the_address_of_the_check_and_nothing_else(sheet, settings):
    settings.BASE_URL = "https://clinic.example/"
    code = checking.code_of(sheet.digest)

    assert code.address == f"https://clinic.example/check/{sheet.digest}/"
    drawn = segno.make(code.address, error="m", micro=False)
    assert code.svg == drawn.svg_inline(light="#fff", border=4, scale=4)
    assert code.picture == drawn.svg_data_uri(light="#fff", border=4, scale=4)


def test_the_template_reads_data_and_no_markup():
    template = pdf.TEMPLATE.read_text()

    assert template.count("sys.inputs") == 1
    assert "eval(" not in template
    assert "#import" not in template
