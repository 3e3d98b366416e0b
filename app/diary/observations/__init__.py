"""What sources say of jobs: checked, compared with what is stored, and stored with its history."""
