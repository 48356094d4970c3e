"""Allure results and page, made from a run record."""
