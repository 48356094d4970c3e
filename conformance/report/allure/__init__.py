"""Allure results and page of a run record."""
