"""Receipts and invoices to look at and to print: what hosted_invoice_url, invoice_pdf and receipt_url lead to."""

from datetime import UTC, datetime

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from entrypoints.sandbox.hosted_page import Page, missing, render
from entrypoints.sandbox.money import written
from entrypoints.sandbox.sandbox import Sandbox
from entrypoints.sandbox.wire import JsonObject


@get("/receipts/{charge_id:str}", sync_to_thread=False)
def show_receipt(charge_id: FromPath[str], sandbox: NamedDependency[Sandbox]) -> Page:
    """The receipt of a charge."""
    charge = sandbox.state.find("charge", charge_id)
    if charge is None or charge["status"] != "succeeded":
        return missing()
    lines = [(charge["description"] or "Payment", written(charge["amount"], charge["currency"]))]
    return _paper(f"Receipt {charge['id']}", charge, lines, charge["amount"])


@get("/i/{invoice_id:str}/{secret:str}", sync_to_thread=False)
def show_invoice(invoice_id: FromPath[str], secret: FromPath[str], sandbox: NamedDependency[Sandbox]) -> Page:
    """The hosted page of an invoice."""
    invoice = _invoice(sandbox, invoice_id, secret)
    if invoice is None:
        return missing()
    return _paper(f"Invoice {invoice['number']}", invoice, _lines(invoice), invoice["total"], invoice["invoice_pdf"])


@get("/i/{invoice_id:str}/{secret:str}/pdf", sync_to_thread=False)
def print_invoice(
    invoice_id: FromPath[str], secret: FromPath[str], sandbox: NamedDependency[Sandbox]
) -> Response[bytes] | Page:
    """The invoice as a PDF of one page."""
    invoice = _invoice(sandbox, invoice_id, secret)
    if invoice is None:
        return missing()
    rows = [f"{name}    {amount}" for name, amount in _lines(invoice)]
    total = f"Total paid    {written(invoice['total'], invoice['currency'])}"
    text = [f"Invoice {invoice['number']}", "SANDBOX: no money moved", "", *rows, "", total]
    name = f'attachment; filename="Invoice-{invoice["number"]}.pdf"'
    return Response(pdf(text), media_type="application/pdf", headers={"Content-Disposition": name})


def pdf(lines: list[str]) -> bytes:
    """A PDF document of one page of text."""
    shown = [line[:90].encode("latin-1", "replace").decode("latin-1") for line in lines[:40]]
    escaped = [line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") for line in shown]
    content = "BT /F1 12 Tf 60 780 Td 18 TL " + " ".join(f"({line}) Tj T*" for line in escaped) + " ET"
    parts = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(content.encode('latin-1'))} >>\nstream\n{content}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    document = b"%PDF-1.4\n"
    places = []
    for number, part in enumerate(parts, 1):
        places.append(len(document))
        document += f"{number} 0 obj\n{part}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    end = f"xref\n0 6\n0000000000 65535 f \n{table}trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n{len(document)}\n%%EOF\n"
    return document + end.encode("latin-1")


def _invoice(sandbox: Sandbox, identifier: str, secret: str) -> JsonObject | None:
    invoice = sandbox.state.find("invoice", identifier)
    known = invoice is not None and str(invoice["hosted_invoice_url"]).endswith(f"/{secret}")
    return invoice if known else None


def _lines(invoice: JsonObject) -> list[tuple[str, str]]:
    return [(line["description"], written(line["amount"], line["currency"])) for line in invoice["lines"]["data"]]


def _paper(
    title: str, subject: JsonObject, lines: list[tuple[str, str]], total: int, pdf_address: str | None = None
) -> Page:
    return render(
        "paper.html",
        200,
        title=title,
        lines=lines,
        total=written(total, subject["currency"]),
        date=datetime.fromtimestamp(subject["created"], UTC).strftime("%Y-%m-%d"),
        pdf_address=pdf_address,
    )
