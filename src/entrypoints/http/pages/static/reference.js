// The page of the API's description: Swagger UI over our own document, and nothing from elsewhere.
"use strict";

const place = document.getElementById("reference");

SwaggerUIBundle({
  url: place.dataset.document,
  domNode: place,
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
