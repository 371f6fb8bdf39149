"""Ready-made products of the demo clinic, with lots: in date, expired, recalled."""

import datetime as dt

from contraindications.citations import OWN
from treatments.catalogue.models import Ingredient, Lot, Product

# code: (label, maker, ingredients)
PRODUCTS = {
    "demo_aqua": ("Demo Aqua HA", "Fictive Labs", ["hyaluronic_acid"]),
    "demo_radiance": ("Demo Radiance C+E", "Fictive Labs", ["vitamin_c", "vitamin_e", "hyaluronic_acid"]),
    "demo_capilla": ("Demo Capilla", "Imaginary Pharma", ["biotin", "dexpanthenol"]),
}


def stock(day: dt.date) -> None:
    """Put the products on the shelf, each with a lot in date; an expired and a recalled lot beside them."""
    for position, (code, (label, maker, inside)) in enumerate(PRODUCTS.items()):
        product = Product.objects.create(
            code=code, label=label, maker=maker, position=position, citations=[OWN]
        )
        product.ingredients.set(Ingredient.objects.filter(code__in=inside))
        _lot(product, "A", day + dt.timedelta(days=200 + 60 * position))
    _lot(product, "B", day - dt.timedelta(days=12))
    _lot(product, "C", day + dt.timedelta(days=90), recalled_on=day - dt.timedelta(days=5))


def _lot(product: Product, series: str, expires_on: dt.date, **fields) -> None:
    Lot.objects.create(
        product=product,
        number=f"{series}-{expires_on:%y%m}-{product.position + 1}",
        expires_on=expires_on,
        **fields,
    )
