// Delta tables as Delta's own Java implementation (Delta Kernel) reads and writes them, for the interop tests.
//
// Takes commands from stdin, one a line, its words separated by tabs, and answers each with lines, the last of which is
// "ok" or "failed\t<why>":
//
//   read        TABLE [VERSION]              every row as a JSON array; see Values for what stands for each value
//   schema      TABLE                        the version, the schema as the log has it, the partition columns
//   create      TABLE SCHEMA PARTITIONS PROPERTIES   SCHEMA: the log's JSON; PARTITIONS: a,b; PROPERTIES: k=v,k=v
//   append      TABLE FILE [COLUMN=VALUE...] the rows of a Parquet file, all of the table's columns in it; of a partitioned
//                                            table: the value of each partition column, a text or a number
//   checkpoint  TABLE
import io.delta.kernel.DataWriteContext;
import io.delta.kernel.Operation;
import io.delta.kernel.Scan;
import io.delta.kernel.Snapshot;
import io.delta.kernel.Table;
import io.delta.kernel.Transaction;
import io.delta.kernel.TransactionBuilder;
import io.delta.kernel.data.ColumnVector;
import io.delta.kernel.data.ColumnarBatch;
import io.delta.kernel.data.FilteredColumnarBatch;
import io.delta.kernel.data.Row;
import io.delta.kernel.defaults.engine.DefaultEngine;
import io.delta.kernel.engine.Engine;
import io.delta.kernel.expressions.Literal;
import io.delta.kernel.internal.InternalScanFileUtils;
import io.delta.kernel.internal.data.ScanStateRow;
import io.delta.kernel.internal.types.DataTypeJsonSerDe;
import io.delta.kernel.internal.util.Utils;
import io.delta.kernel.types.*;
import io.delta.kernel.utils.CloseableIterable;
import io.delta.kernel.utils.CloseableIterator;
import io.delta.kernel.utils.DataFileStatus;
import io.delta.kernel.utils.FileStatus;
import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

public class DeltaTables {
  private final Engine engine = DefaultEngine.create(new Configuration());
  private final PrintStream out;

  DeltaTables(PrintStream out) {
    this.out = out;
  }

  public static void main(String[] arguments) throws Exception {
    PrintStream out = new PrintStream(new java.io.BufferedOutputStream(System.out, 1 << 16), false, StandardCharsets.UTF_8);
    DeltaTables tables = new DeltaTables(out);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      try {
        tables.run(line.split("\t", -1));
        out.println("ok");
      } catch (Throwable error) {
        StringBuilder why = new StringBuilder();
        for (Throwable one = error; one != null; one = one.getCause()) why.append(one).append("; ");
        out.println("failed\t" + why.toString().replaceAll("\\s+", " "));
      }
      out.flush();
    }
  }

  private void run(String[] words) throws Exception {
    Table table = Table.forPath(engine, words[1]);
    switch (words[0]) {
      case "read" -> read(words.length > 2 ? table.getSnapshotAsOfVersion(engine, Long.parseLong(words[2]))
                                           : table.getLatestSnapshot(engine));
      case "schema" -> {
        Snapshot snapshot = table.getLatestSnapshot(engine);
        out.println(snapshot.getVersion());
        out.println(DataTypeJsonSerDe.serializeStructType(snapshot.getSchema()));
        out.println(String.join(",", snapshot.getPartitionColumnNames()));
      }
      case "create" -> create(table, words);
      case "append" -> append(table, words);
      case "checkpoint" -> table.checkpoint(engine, table.getLatestSnapshot(engine).getVersion());
      default -> throw new IllegalArgumentException("no such command: " + words[0]);
    }
  }

  private void read(Snapshot snapshot) throws Exception {
    Scan scan = snapshot.getScanBuilder().build();
    Row state = scan.getScanState(engine);
    StructType physical = ScanStateRow.getPhysicalDataReadSchema(engine, state);
    StringBuilder line = new StringBuilder();
    try (CloseableIterator<FilteredColumnarBatch> files = scan.getScanFiles(engine)) {
      while (files.hasNext()) {
        try (CloseableIterator<Row> rows = files.next().getRows()) {
          while (rows.hasNext()) readFile(rows.next(), state, physical, line);
        }
      }
    }
  }

  private void readFile(Row file, Row state, StructType physical, StringBuilder line) throws Exception {
    FileStatus status = InternalScanFileUtils.getAddFileStatus(file);
    CloseableIterator<ColumnarBatch> read = engine.getParquetHandler().readParquetFiles(
        Utils.singletonCloseableIterator(status), physical, Optional.empty());
    try (CloseableIterator<FilteredColumnarBatch> batches = Scan.transformPhysicalData(engine, state, file, read)) {
      while (batches.hasNext()) {
        FilteredColumnarBatch filtered = batches.next();
        ColumnarBatch batch = filtered.getData();
        Optional<ColumnVector> taken = filtered.getSelectionVector();
        for (int row = 0; row < batch.getSize(); ++row) {
          if (taken.isPresent() && (taken.get().isNullAt(row) || !taken.get().getBoolean(row))) continue;
          line.setLength(0);
          line.append('[');
          for (int column = 0; column < batch.getSchema().length(); ++column) {
            if (column > 0) line.append(',');
            Values.append(line, batch.getColumnVector(column), row);
          }
          out.println(line.append(']'));
        }
      }
    }
  }

  private void create(Table table, String[] words) throws Exception {
    TransactionBuilder builder = table.createTransactionBuilder(engine, "ampload's tests", Operation.CREATE_TABLE)
        .withSchema(engine, DataTypeJsonSerDe.deserializeStructType(words[2]));
    if (!words[3].isEmpty()) builder = builder.withPartitionColumns(engine, Arrays.asList(words[3].split(",")));
    Map<String, String> properties = new HashMap<>();
    for (String one : words[4].isEmpty() ? new String[0] : words[4].split(",")) {
      properties.put(one.substring(0, one.indexOf('=')), one.substring(one.indexOf('=') + 1));
    }
    if (!properties.isEmpty()) builder = builder.withTableProperties(engine, properties);
    builder.build(engine).commit(engine, CloseableIterable.emptyIterable());
  }

  private void append(Table table, String[] words) throws Exception {
    Transaction transaction = table.createTransactionBuilder(engine, "ampload's tests", Operation.WRITE).build(engine);
    Row state = transaction.getTransactionState(engine);
    StructType schema = transaction.getSchema(engine);
    Map<String, Literal> partition = new HashMap<>();
    for (String one : Arrays.copyOfRange(words, 3, words.length)) {
      String name = one.substring(0, one.indexOf('='));
      partition.put(name, literal(schema.get(name).getDataType(), one.substring(one.indexOf('=') + 1)));
    }
    File file = new File(words[2]);
    CloseableIterator<FilteredColumnarBatch> rows = engine.getParquetHandler().readParquetFiles(
        Utils.singletonCloseableIterator(FileStatus.of(file.getPath(), file.length(), file.lastModified())),
        schema, Optional.empty()).map(batch -> new FilteredColumnarBatch(batch, Optional.empty()));
    CloseableIterator<FilteredColumnarBatch> physical =
        Transaction.transformLogicalData(engine, state, rows, partition);
    DataWriteContext context = Transaction.getWriteContext(engine, state, partition);
    CloseableIterator<DataFileStatus> files = engine.getParquetHandler().writeParquetFiles(
        context.getTargetDirectory(), physical, context.getStatisticsColumns());
    transaction.commit(engine, CloseableIterable.inMemoryIterable(
        Transaction.generateAppendActions(engine, state, files, context)));
  }

  private static Literal literal(DataType type, String text) {
    if (text.equals("null")) return Literal.ofNull(type);
    if (type instanceof StringType) return Literal.ofString(text);
    if (type instanceof LongType) return Literal.ofLong(Long.parseLong(text));
    if (type instanceof IntegerType) return Literal.ofInt(Integer.parseInt(text));
    if (type instanceof DateType) return Literal.ofDate((int) java.time.LocalDate.parse(text).toEpochDay());
    throw new IllegalArgumentException("no partition value of type " + type);
  }

  // null, true, numbers; and as JSON strings: "s<text>", "b<hex>", floats "f<bits in hex>", "d<bits in hex>", decimals as
  // "<unscaled>e-<scale>"; dates as days, timestamps as microseconds; a list as an array, a map as an array of pairs, a
  // struct as an array of its fields.
  static final class Values {
    static void append(StringBuilder to, ColumnVector vector, int row) {
      DataType type = vector.getDataType();
      if (vector.isNullAt(row)) {
        to.append("null");
      } else if (type instanceof BooleanType) {
        to.append(vector.getBoolean(row));
      } else if (type instanceof ByteType) {
        to.append(vector.getByte(row));
      } else if (type instanceof ShortType) {
        to.append(vector.getShort(row));
      } else if (type instanceof IntegerType || type instanceof DateType) {
        to.append(vector.getInt(row));
      } else if (type instanceof LongType || type instanceof TimestampType || type instanceof TimestampNTZType) {
        to.append(vector.getLong(row));
      } else if (type instanceof FloatType) {
        to.append("\"f").append(Integer.toHexString(Float.floatToIntBits(vector.getFloat(row)))).append('"');
      } else if (type instanceof DoubleType) {
        to.append("\"d").append(Long.toHexString(Double.doubleToLongBits(vector.getDouble(row)))).append('"');
      } else if (type instanceof DecimalType decimal) {
        to.append('"').append(vector.getDecimal(row).setScale(decimal.getScale()).unscaledValue()).append("e-")
            .append(decimal.getScale()).append('"');
      } else if (type instanceof StringType) {
        text(to, vector.getString(row));
      } else if (type instanceof BinaryType) {
        to.append("\"b");
        for (byte one : vector.getBinary(row)) {
          to.append(Character.forDigit(one >> 4 & 15, 16)).append(Character.forDigit(one & 15, 16));
        }
        to.append('"');
      } else if (type instanceof ArrayType) {
        list(to, vector.getArray(row).getElements());
      } else if (type instanceof MapType) {
        ColumnVector keys = vector.getMap(row).getKeys(), values = vector.getMap(row).getValues();
        to.append('[');
        for (int i = 0; i < keys.getSize(); ++i) {
          to.append(i > 0 ? ",[" : "[");
          append(to, keys, i);
          to.append(',');
          append(to, values, i);
          to.append(']');
        }
        to.append(']');
      } else if (type instanceof StructType struct) {
        to.append('[');
        for (int i = 0; i < struct.length(); ++i) {
          if (i > 0) to.append(',');
          append(to, vector.getChild(i), row);
        }
        to.append(']');
      } else {
        throw new IllegalArgumentException("a value of type " + type);
      }
    }

    private static void list(StringBuilder to, ColumnVector elements) {
      to.append('[');
      for (int i = 0; i < elements.getSize(); ++i) {
        if (i > 0) to.append(',');
        append(to, elements, i);
      }
      to.append(']');
    }

    private static void text(StringBuilder to, String value) {
      to.append("\"s");
      for (int i = 0; i < value.length(); ++i) {
        char one = value.charAt(i);
        if (one < 0x20 || one == '"' || one == '\\' || one >= 0x7f) {
          to.append(String.format("\\u%04x", (int) one));
        } else {
          to.append(one);
        }
      }
      to.append('"');
    }
  }
}
