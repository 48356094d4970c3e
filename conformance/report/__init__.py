"""Views of a run record: terminal, Markdown, JUnit, Allure, statement, comparison of two runs."""
