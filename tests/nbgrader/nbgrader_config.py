"""nbgrader's settings for the book's exercises: its stubs are those of tools/make_exercises.py."""

c = get_config()  # noqa: F821  (nbgrader provides it)

c.ClearSolutions.code_stub = {"python": "..."}
c.ClearSolutions.text_stub = "*Your answer:*"
c.ExecutePreprocessor.timeout = 120
