"""Views of a run record: Allure results and page, Markdown, terminal, and the command that sends a request again."""
