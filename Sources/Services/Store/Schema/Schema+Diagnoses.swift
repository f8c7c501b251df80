extension Schema {
    /// How calls sounded, and what was found out about them at their end.
    ///
    /// Beside `calls` and not in it: it is known a moment after the record's last state was written.
    static let diagnoses = """
        CREATE TABLE call_diagnoses (
            call_pk INTEGER PRIMARY KEY REFERENCES calls ON DELETE CASCADE,
            -- Mean opinion scores, 1 … 4.5; null when nothing was measured.
            mos_min REAL,
            mos_avg REAL,
            -- JSON, the legs one by one; null when no packet passed.
            quality TEXT,
            -- JSON, as the REST interface answers it.
            diagnosis TEXT NOT NULL,
            created_at INTEGER NOT NULL DEFAULT \(now),
            updated_at INTEGER NOT NULL DEFAULT \(now)
        );
        CREATE INDEX call_diagnoses_created ON call_diagnoses (created_at);
        CREATE INDEX call_diagnoses_mos ON call_diagnoses (mos_min) WHERE mos_min IS NOT NULL;

        """
}
