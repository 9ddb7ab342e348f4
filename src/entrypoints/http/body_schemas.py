"""How the bodies of the API become schemas: as strict as the service is, so that clients and their generators can rely on it."""

from dataclasses import fields as parts
from inspect import cleandoc
from typing import Any, Final

from litestar._openapi.schema_generation import SchemaCreator
from litestar._openapi.schema_generation.plugins.struct import StructSchemaPlugin  # exported nowhere else
from litestar.openapi.spec import OpenAPIType, Reference, Schema
from litestar.typing import FieldDefinition
from msgspec import NODEFAULT
from msgspec.structs import fields

NULL: Final = Schema(type=OpenAPIType.NULL)
OF_THE_WHOLE: Final = frozenset({"one_of", "title", "description", "default", "examples"})
"""What is said of a value and its absence together; all else is about the value alone."""


def formatted(name: str) -> dict[str, Any]:  # Any: as msgspec.Meta takes it
    """What the Meta of a text says, so that its schema has a format of this name, such as date-time."""
    return {"extra": {"format": name}}


def value_of(schema: Schema | Reference) -> Schema | Reference:
    """The schema of a value that may also be null, without the null; any other schema as it is.

    What Litestar writes beside the choice, such as a format or a length, is moved to the value: generators of clients look only there.
    """
    if not isinstance(schema, Schema) or schema.one_of is None or schema.one_of[-1] != NULL or len(schema.one_of) != 2:
        return schema
    value = schema.one_of[0]
    beside = [part.name for part in parts(Schema) if part.name not in OF_THE_WHOLE]
    for name in beside if isinstance(value, Schema) else ():
        if (said := getattr(schema, name)) is not None:
            setattr(value, name, said)
            setattr(schema, name, None)
    return value


class BodySchemas(StructSchemaPlugin):
    """Adds to Litestar's own schema of a Struct what it leaves out."""

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: SchemaCreator) -> Schema:
        """The schema, with its meaning: unknown fields are refused where the Struct refuses them, what is always there is required, and
        what is known of a field that may be null is said of its value."""
        schema = super().to_openapi_schema(field_definition, schema_creator)
        body = field_definition.type_
        schema.description = cleandoc(body.__doc__ or "")
        if body.__struct_config__.forbid_unknown_fields:
            schema.additional_properties = False
        always = {field.encode_name for field in fields(body) if field.default not in (NODEFAULT, None)}
        schema.required = sorted({*(schema.required or ()), *always}) or None
        for field in (schema.properties or {}).values():
            value_of(field)
        return schema
