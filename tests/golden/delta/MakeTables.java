// Writes the tables of this folder with Apache Spark and Delta's own Java implementation. See README.md for the command.
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

public class MakeTables {
  static SparkSession spark;
  static Path root;

  interface Body {
    void run(String table) throws Exception;
  }

  static void sql(String text) {
    System.err.println("> " + text);
    spark.sql(text);
  }

  static void set(String key, String value) {
    spark.conf().set(key, value);
  }

  // One table: made by `body`, its rows as Spark reads them, one JSON object a line.
  static void make(String name, Body body) throws Exception {
    Path folder = root.resolve(name);
    try (Stream<Path> old = Files.exists(folder) ? Files.walk(folder) : Stream.<Path>empty()) {
      for (Path path : old.sorted(Comparator.reverseOrder()).toList()) Files.delete(path);
    }
    Files.createDirectories(folder);
    String table = "delta.`" + folder.resolve("table") + "`";
    body.run(table);
    Dataset<Row> rows = spark.sql("SELECT to_json(struct(*), map('ignoreNullFields', 'false', 'timestampFormat', "
        + "'yyyy-MM-dd\\'T\\'HH:mm:ss.SSSSSSXXX', 'timestampNTZFormat', 'yyyy-MM-dd\\'T\\'HH:mm:ss.SSSSSS')) AS json FROM " + table);
    List<String> lines = rows.collectAsList().stream().map(row -> row.getString(0)).sorted().toList();
    Files.write(folder.resolve("expected.jsonl"), lines);
    if (name.contains("_checkpoint_") || name.equals("multi_part_checkpoint")) {
      // Entries that the checkpoint of version 5 stands for: a reader must get along without them.
      for (int i = 0; i < 5; ++i) {
        for (String end : List.of("json", "crc")) {
          Files.delete(folder.resolve(String.format("table/_delta_log/%020d.%s", i, end)));
        }
      }
    }
    try (Stream<Path> made = Files.walk(folder)) {
      // Hadoop's own checksums of files: no part of a table.
      for (Path path : made.filter(p -> p.getFileName().toString().matches("\\..*\\.crc")).toList()) Files.delete(path);
    }
  }

  static void insert(String table, String select, int files) {
    System.err.println("> insert " + select);
    spark.sql(select).repartition(files).sortWithinPartitions(spark.sql(select).columns()[0]).write().format("delta")
        .mode("append").save(table.replace("delta.`", "").replace("`", ""));
  }

  public static void main(String[] arguments) throws Exception {
    root = Path.of(arguments[0]).toAbsolutePath();
    spark = SparkSession.builder().master("local[1]").config("spark.ui.enabled", "false")
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
        .config("spark.sql.session.timeZone", "UTC").config("spark.sql.shuffle.partitions", "1")
        .config("spark.databricks.delta.snapshotPartitions", "1").getOrCreate();
    String only = arguments.length > 1 ? arguments[1] : "";

    record Made(String name, Body body) {}
    List<Made> all = List.of(
        new Made("deletion_vectors", t -> {
          sql("CREATE TABLE " + t + " (id BIGINT, name STRING, at TIMESTAMP, part INT) USING delta PARTITIONED BY (part) "
              + "TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')");
          insert(t, "SELECT id, concat('row ', id) AS name, timestamp_micros(id * 1000003) AS at, CAST(id % 2 AS INT) AS part "
              + "FROM range(0, 400)", 1);
          sql("DELETE FROM " + t + " WHERE id % 7 = 3");
          sql("DELETE FROM " + t + " WHERE id BETWEEN 100 AND 120");
          sql("DELETE FROM " + t + " WHERE id = 0");
          insert(t, "SELECT id, NULL AS name, NULL AS at, CAST(NULL AS INT) AS part FROM range(1000, 1010)", 1);
          sql("DELETE FROM " + t + " WHERE id IN (1000, 1009)");
        }),
        new Made("deletion_vectors_checkpoint", t -> {
          sql("CREATE TABLE " + t + " (id BIGINT) USING delta TBLPROPERTIES ('delta.enableDeletionVectors' = 'true', "
              + "'delta.checkpointInterval' = '3')");
          // Dense, sparse and run containers of a bitmap.
          insert(t, "SELECT id FROM range(0, 132000)", 1);
          sql("DELETE FROM " + t + " WHERE id % 100 <> 0 AND id < 70000 OR id BETWEEN 70001 AND 131572 OR id = 131990");
          insert(t, "SELECT id FROM range(300000, 300010)", 1);
          sql("UPDATE " + t + " SET id = -id WHERE id = 300005");
        }),
        new Made("mapping_name", t -> {
          sql("CREATE TABLE " + t + " (id BIGINT NOT NULL, old_name STRING, gone INT, s STRUCT<x: INT, y: ARRAY<STRUCT<z: STRING>>>, "
              + "m MAP<STRING, STRUCT<v: BIGINT>>, part STRING) USING delta PARTITIONED BY (part) "
              + "TBLPROPERTIES ('delta.columnMapping.mode' = 'name')");
          sql("INSERT INTO " + t + " VALUES (1, 'one', 10, struct(1, array(struct('a'))), map('k', struct(5L)), 'p 1'), "
              + "(2, NULL, 20, NULL, NULL, NULL)");
          sql("ALTER TABLE " + t + " RENAME COLUMN old_name TO `new name,;{}()=`");
          sql("ALTER TABLE " + t + " RENAME COLUMN part TO `part ition`");
          sql("ALTER TABLE " + t + " DROP COLUMN gone");
          sql("ALTER TABLE " + t + " ADD COLUMN gone DOUBLE");
          sql("INSERT INTO " + t + " VALUES (3, 'three', struct(3, array()), map(), 'p 1', 0.5)");
        }),
        new Made("mapping_id", t -> {
          sql("CREATE TABLE " + t + " (id BIGINT, name STRING, s STRUCT<a: INT, b: STRUCT<c: STRING>>, l ARRAY<INT>, "
              + "part DATE) USING delta PARTITIONED BY (part) TBLPROPERTIES ('delta.columnMapping.mode' = 'id')");
          sql("INSERT INTO " + t + " VALUES (1, 'one', struct(1, struct('c')), array(1, NULL), DATE'2024-02-29'), "
              + "(2, 'two', struct(NULL, NULL), NULL, NULL)");
          sql("ALTER TABLE " + t + " RENAME COLUMN name TO title");
          sql("ALTER TABLE " + t + " RENAME COLUMN s.a TO aa");
          sql("INSERT INTO " + t + " VALUES (3, 'three', struct(7, struct('d')), array(), DATE'1969-12-31')");
        }),
        new Made("multi_part_checkpoint", t -> {
          sql("CREATE TABLE " + t + " (id BIGINT, name STRING) USING delta TBLPROPERTIES ('delta.checkpointInterval' = '5')");
          set("spark.databricks.delta.checkpoint.partSize", "2");
          for (int i = 0; i < 7; ++i) {
            insert(t, "SELECT id + " + i * 10 + " AS id, 'x' AS name FROM range(3)", 1);
          }
          spark.conf().unset("spark.databricks.delta.checkpoint.partSize");
        }),
        new Made("v2_checkpoint_json", t -> v2(t, "json")),
        new Made("v2_checkpoint_parquet", t -> v2(t, "parquet")),
        new Made("in_commit_timestamps", t -> {
          sql("CREATE TABLE " + t + " (id BIGINT) USING delta");
          sql("INSERT INTO " + t + " VALUES (1)");
          sql("ALTER TABLE " + t + " SET TBLPROPERTIES ('delta.enableInCommitTimestamps' = 'true')");
          sql("INSERT INTO " + t + " VALUES (2)");
        }),
        new Made("clustered", t -> {  // domain metadata
          sql("CREATE TABLE " + t + " (id BIGINT, name STRING) USING delta CLUSTER BY (name) "
              + "TBLPROPERTIES ('delta.checkpointInterval' = '2')");
          sql("INSERT INTO " + t + " VALUES (1, 'one'), (2, NULL)");
          sql("INSERT INTO " + t + " VALUES (3, 'three')");
          sql("INSERT INTO " + t + " VALUES (4, 'four')");
        }),
        new Made("type_widening", t -> {
          sql("CREATE TABLE " + t + " (b BYTE, s SHORT, i INT, f FLOAT, d DECIMAL(10, 2), day DATE, n STRUCT<x: SHORT>, part SHORT) "
              + "USING delta PARTITIONED BY (part) TBLPROPERTIES ('delta.enableTypeWidening' = 'true', 'delta.feature.timestampNtz' = 'supported')");
          sql("INSERT INTO " + t + " VALUES (-128, 32767, 2147483647, 0.1, 12345678.90, DATE'1582-10-15', struct(7), 1), "
              + "(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)");
          sql("ALTER TABLE " + t + " CHANGE COLUMN b TYPE SHORT");
          sql("ALTER TABLE " + t + " CHANGE COLUMN b TYPE INT");
          sql("ALTER TABLE " + t + " CHANGE COLUMN s TYPE BIGINT");
          sql("ALTER TABLE " + t + " CHANGE COLUMN i TYPE DOUBLE");
          sql("ALTER TABLE " + t + " CHANGE COLUMN f TYPE DOUBLE");
          sql("ALTER TABLE " + t + " CHANGE COLUMN d TYPE DECIMAL(14, 4)");
          sql("ALTER TABLE " + t + " CHANGE COLUMN day TYPE TIMESTAMP_NTZ");
          sql("ALTER TABLE " + t + " CHANGE COLUMN n.x TYPE INT");
          sql("ALTER TABLE " + t + " CHANGE COLUMN part TYPE INT");
          sql("INSERT INTO " + t + " VALUES (100000, 9007199254740993, 1e300, 1e300, 1234567890.1234, "
              + "TIMESTAMP_NTZ'2024-01-01 00:00:00.000001', struct(70000), 70000)");
        }),
        new Made("partitions", t -> {
          sql("CREATE TABLE " + t + " (id BIGINT, s STRING, d DATE, ts TIMESTAMP, ntz TIMESTAMP_NTZ, dec DECIMAL(20, 3), bo BOOLEAN, "
              + "i INT, do DOUBLE) USING delta PARTITIONED BY (s, d, ts, ntz, dec, bo, i, do)");
          sql("INSERT INTO " + t + " VALUES "
              + "(1, 'a/b=c %20:\\\\d\"é漢', DATE'0001-01-01', TIMESTAMP'2024-02-29 23:59:59.000001', "
              + "TIMESTAMP_NTZ'1500-01-01 00:00:00', 12345678901234567.890, true, -5, 1.5), "
              + "(2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), "
              + "(3, '__x', DATE'9999-12-31', TIMESTAMP'1969-12-31 00:00:00', TIMESTAMP_NTZ'2024-01-01 12:30:00.5', 0, false, "
              + "2147483647, -1e-300)");
        }),
        new Made("every_type", t -> {
          set("spark.sql.parquet.outputTimestampType", "INT96");
          sql("CREATE TABLE " + t + " (id BIGINT, bo BOOLEAN, by BYTE, sh SHORT, i INT, f FLOAT, d DOUBLE, dec DECIMAL(38, 10), "
              + "small DECIMAL(9, 2), s STRING, bin BINARY, day DATE, ts TIMESTAMP, ntz TIMESTAMP_NTZ, l ARRAY<ARRAY<STRING>>, "
              + "m MAP<STRING, ARRAY<INT>>, st STRUCT<a: STRUCT<b: TIMESTAMP>, c: BINARY>, vc VARCHAR(10)) USING delta");
          sql("INSERT INTO " + t + " VALUES (1, true, -128, -32768, -2147483648, 1.5, -2.25, 1234567890123456789012345678.0123456789, "
              + "-1234567.89, 'é漢', X'00FF10', DATE'1970-01-01', TIMESTAMP'1677-10-01 00:00:00.123456', "
              + "TIMESTAMP_NTZ'9999-12-31 23:59:59.999999', array(array('a', NULL), NULL, array()), map('k', array(1, NULL)), "
              + "struct(struct(TIMESTAMP'2024-01-01 00:00:00.000007'), X'01'), 'varchar'), "
              + "(2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)");
          spark.conf().unset("spark.sql.parquet.outputTimestampType");
        }),
        new Made("txn_and_append_only", t -> {
          sql("CREATE TABLE " + t + " (id BIGINT) USING delta TBLPROPERTIES ('delta.appendOnly' = 'true', "
              + "'delta.checkpointInterval' = '2')");
          for (int i = 1; i < 5; ++i) {
            spark.range(i, i + 1).write().format("delta").option("txnAppId", "an app").option("txnVersion", String.valueOf(i))
                .mode("append").save(t.replace("delta.`", "").replace("`", ""));
          }
        }),
        new Made("column_invariant", t -> {
          sql("CREATE TABLE " + t + " (id BIGINT NOT NULL, s STRUCT<x: INT NOT NULL>) USING delta");
          sql("INSERT INTO " + t + " VALUES (1, struct(2))");
        }),
        // What a writer must keep and we do not: refused.
        new Made("check_constraint", t -> {
          sql("CREATE TABLE " + t + " (id BIGINT) USING delta");
          sql("ALTER TABLE " + t + " ADD CONSTRAINT positive CHECK (id > 0)");
          sql("INSERT INTO " + t + " VALUES (1)");
        }),
        new Made("generated_column", t -> {
          io.delta.tables.DeltaTable.create(spark).location(t.replace("delta.`", "").replace("`", "")).addColumn("id", "BIGINT")
              .addColumn(io.delta.tables.DeltaTable.columnBuilder(spark, "twice").dataType("BIGINT")
                  .generatedAlwaysAs("id * 2").build()).execute();
          sql("INSERT INTO " + t + " (id) VALUES (1)");
        }),
        new Made("identity_column", t -> {
          io.delta.tables.DeltaTable.create(spark).location(t.replace("delta.`", "").replace("`", "")).addColumn("name", "STRING")
              .addColumn(io.delta.tables.DeltaTable.columnBuilder(spark, "id").dataType("BIGINT")
                  .generatedAlwaysAsIdentity().build()).execute();
          sql("INSERT INTO " + t + " (name) VALUES ('one')");
        }),
        new Made("default_value", t -> {
          sql("CREATE TABLE " + t + " (id BIGINT, name STRING DEFAULT 'none') USING delta "
              + "TBLPROPERTIES ('delta.feature.allowColumnDefaults' = 'supported')");
          sql("INSERT INTO " + t + " (id) VALUES (1)");
        }),
        new Made("row_tracking", t -> {
          sql("CREATE TABLE " + t + " (id BIGINT) USING delta TBLPROPERTIES ('delta.enableRowTracking' = 'true')");
          sql("INSERT INTO " + t + " VALUES (1)");
        }),
        new Made("change_data_feed", t -> {
          sql("CREATE TABLE " + t + " (id BIGINT) USING delta TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true')");
          sql("INSERT INTO " + t + " VALUES (1), (2)");
          sql("DELETE FROM " + t + " WHERE id = 1");
        }),
        new Made("variant", t -> {
          sql("CREATE TABLE " + t + " (id BIGINT, v VARIANT) USING delta");
          sql("INSERT INTO " + t + " SELECT 1, parse_json('{\"a\": 1}')");
        }),
        new Made("vacuum_protocol_check", t -> {
          sql("CREATE TABLE " + t + " (id BIGINT) USING delta TBLPROPERTIES ('delta.feature.vacuumProtocolCheck' = 'supported')");
          sql("INSERT INTO " + t + " VALUES (1)");
        }));
    int failed = 0;
    for (Made one : all) {
      if (!only.isEmpty() && !one.name.equals(only)) continue;
      try {
        make(one.name, one.body);
      } catch (Throwable error) {
        ++failed;
        System.err.println("FAILED " + one.name + ": " + error.getMessage());
      }
    }
    spark.stop();
    System.exit(failed == 0 ? 0 : 1);
  }

  static void v2(String t, String form) {
    set("spark.databricks.delta.checkpointV2.topLevelFileFormat", form);
    set("spark.databricks.delta.checkpoint.partSize", "2");
    sql("CREATE TABLE " + t + " (id BIGINT, name STRING) USING delta TBLPROPERTIES ('delta.checkpointPolicy' = 'v2', "
        + "'delta.checkpointInterval' = '5')");
    for (int i = 0; i < 7; ++i) insert(t, "SELECT id + " + i * 10 + " AS id, 'x' AS name FROM range(3)", 1);
    spark.conf().unset("spark.databricks.delta.checkpointV2.topLevelFileFormat");
    spark.conf().unset("spark.databricks.delta.checkpoint.partSize");
  }
}
