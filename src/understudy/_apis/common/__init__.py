"""What the faces share: validation, forms, paging, JSON, files and vector stores."""
