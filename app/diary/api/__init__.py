"""The job diary for scripts: `/api/v1/jobs`, and addresses of CAE Job Diary that lead to the same pages here."""
