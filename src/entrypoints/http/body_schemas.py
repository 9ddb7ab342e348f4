"""How the bodies of the API become schemas: as strict as the service is, so that clients and their generators can rely on it."""

from litestar._openapi.schema_generation import SchemaCreator
from litestar._openapi.schema_generation.plugins.struct import StructSchemaPlugin  # exported nowhere else
from litestar.openapi.spec import Schema
from litestar.typing import FieldDefinition
from msgspec import NODEFAULT
from msgspec.structs import fields


class BodySchemas(StructSchemaPlugin):
    """Adds to Litestar's own schema of a Struct what it leaves out."""

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: SchemaCreator) -> Schema:
        """The schema: unknown fields are refused where the Struct refuses them, and what is always there is required."""
        schema = super().to_openapi_schema(field_definition, schema_creator)
        body = field_definition.type_
        if body.__struct_config__.forbid_unknown_fields:
            schema.additional_properties = False
        always = {field.encode_name for field in fields(body) if field.default not in (NODEFAULT, None)}
        schema.required = sorted({*(schema.required or ()), *always}) or None
        return schema
