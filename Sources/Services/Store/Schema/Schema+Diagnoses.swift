extension Schema {
    /// How calls sounded, and what was found out about them at their end.
    ///
    /// Beside `calls` and not in it: it is known a moment after the record's last state was written.
    static func diagnoses(_ sql: Dialect) -> String {
        """
        CREATE TABLE call_diagnoses (
            call_pk \(sql.reference) PRIMARY KEY REFERENCES calls ON DELETE CASCADE,
            -- Mean opinion scores, 1 … 4.5; null when nothing was measured.
            mos_min \(sql.real),
            mos_avg \(sql.real),
            -- JSON, the legs one by one; null when no packet passed.
            quality \(sql.text),
            -- Compact text, or '' once it is forgotten; of older programs JSON, as the REST interface answers it.
            diagnosis \(sql.text) NOT NULL,
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            updated_at \(sql.time) NOT NULL DEFAULT \(sql.now)
        );
        CREATE INDEX call_diagnoses_created ON call_diagnoses (created_at);
        CREATE INDEX call_diagnoses_mos ON call_diagnoses (mos_min) WHERE mos_min IS NOT NULL;

        """
    }

    /// By which the diagnoses are found that have to go; the figures of how a call sounded stay with its record.
    static func diagnosesKept(_ sql: Dialect) -> String {
        "CREATE INDEX call_diagnoses_kept ON call_diagnoses (created_at) WHERE diagnosis <> '';\n"
    }
}
