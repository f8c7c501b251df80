extension Schema {
    /// What SQLite needs no tables and functions for: that it is told of changes, gives out numbers, compares texts in
    /// every script, and loses no write while it is away.
    static func ownWays(of sql: Dialect) -> String {
        sql == .sqlite ? "" : outboxes + texts + norms + directoryChanges
    }

    /// How far the outbox of each program is taken in.
    private static let outboxes = """
        CREATE TABLE outboxes (
            id uuid PRIMARY KEY,
            position bigint NOT NULL DEFAULT 0,
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now()
        );

        """

    /// `fold(text)`: lowercase for comparison, in every script and whatever the locale of the cluster.
    private static let texts = """
        CREATE FUNCTION fold(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
            RETURN lower(value COLLATE "und-x-icu");

        """

    /// For calls that are inserted by plain SQL.
    private static let norms = """
        CREATE FUNCTION calls_norms() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN
            NEW.caller_norm := coalesce(NEW.caller_norm, \(Dialect.postgres.normalForm(of: "NEW.caller_number")));
            NEW.receiver_norm := coalesce(NEW.receiver_norm, \(Dialect.postgres.normalForm(of: "NEW.receiver_number")));
            RETURN NEW;
        END $body$;
        CREATE TRIGGER calls_norms BEFORE INSERT ON calls FOR EACH ROW
            WHEN (NEW.caller_norm IS NULL OR NEW.receiver_norm IS NULL) EXECUTE FUNCTION calls_norms();

        """

    /// Programs are notified of changes of the directory; rows that were inserted with a number of their own move the
    /// sequence on.
    private static let directoryChanges =
        """
        CREATE FUNCTION directory_changed() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN
            PERFORM pg_notify('tandem_directory', TG_TABLE_NAME);
            RETURN NULL;
        END $body$;
        CREATE FUNCTION advance_numbers() RETURNS trigger LANGUAGE plpgsql AS $body$
        DECLARE newest bigint; last bigint; numbers text := pg_get_serial_sequence(TG_TABLE_NAME, 'id');
        BEGIN
            EXECUTE format('SELECT max(id) FROM %I', TG_TABLE_NAME) INTO newest;
            EXECUTE format('SELECT last_value FROM %s', numbers) INTO last;
            IF newest > last THEN PERFORM setval(numbers, newest); END IF;
            RETURN NULL;
        END $body$;

        """
        + watching("users", except: ["presence", "presence_is_live", "updated_at"])
        + watching("sip_accounts", except: ["contact_uri", "registered_at", "expires_at", "updated_at"])
        + watching("user_phones") + watching("phones")
        + ["users", "user_phones", "companies", "company_phones", "phones", "sip_accounts"].map(advancing).joined()

    /// For tables of the directory that came later.
    static func directoryChanges(in tables: [String], of sql: Dialect) -> String {
        sql == .sqlite ? "" : tables.map { watching($0) }.joined()
    }

    /// `except`: columns that change with every call, and that nobody reads the directory again for.
    private static func watching(_ table: String, except: [String] = []) -> String {
        guard !except.isEmpty else {
            return """
                CREATE TRIGGER \(table)_changed AFTER INSERT OR UPDATE OR DELETE ON \(table)
                    FOR EACH STATEMENT EXECUTE FUNCTION directory_changed();

                """
        }
        let same = except.map { "'\($0)'" }.joined(separator: ", ")
        return """
            CREATE TRIGGER \(table)_changed AFTER INSERT OR DELETE ON \(table)
                FOR EACH STATEMENT EXECUTE FUNCTION directory_changed();
            CREATE TRIGGER \(table)_altered AFTER UPDATE ON \(table) FOR EACH ROW
                WHEN (to_jsonb(OLD) - ARRAY[\(same)] IS DISTINCT FROM to_jsonb(NEW) - ARRAY[\(same)])
                EXECUTE FUNCTION directory_changed();

            """
    }

    private static func advancing(_ table: String) -> String {
        """
        CREATE TRIGGER \(table)_numbers AFTER INSERT ON \(table)
            FOR EACH STATEMENT EXECUTE FUNCTION advance_numbers();

        """
    }
}
