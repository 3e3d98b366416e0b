"""Problems of the configurations of trends, for the status page."""

from peewee import BooleanField, Model, TextField


def up(migrator, db):
    class Base(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class TrendConfigProblem(Base):
        place = TextField()
        reason = TextField()
        hides_trends = BooleanField()

        class Meta:
            table_name = "trend_config_problem"

    db.create_tables([TrendConfigProblem])
