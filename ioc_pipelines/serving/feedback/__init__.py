"""What an agency gets back of its refused rows: a workbook to correct, a page, a mail."""
