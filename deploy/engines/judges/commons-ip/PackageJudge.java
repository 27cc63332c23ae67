package samarkiv;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.roda_project.commons_ip2.validator.EARKSIPValidator;
import org.roda_project.commons_ip2.validator.reporter.ValidationReportOutputJson;

/**
 * A warm commons-ip. A line in:  {"path": "/a/package", "version": "2.2.0"} (2.0.4, 2.1.0, 2.2.0; the last without it).
 * A line out: {"path", "version", "valid", "findings": [{"code", "severity", "messages"}], "skipped": [codes], "passed",
 * "error", "ms"}. With an "error" the package was not judged; a skipped rule was not judged either.
 */
public final class PackageJudge {
  private static final ObjectMapper JSON = new ObjectMapper();

  private PackageJudge() { }

  public static void main(String[] args) throws Exception {
    PrintStream answers = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    System.setOut(System.err); // the library prints; our lines stay clean
    BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = requests.readLine(); line != null; line = requests.readLine()) {
      if (!line.isBlank()) {
        answers.println(JSON.writeValueAsString(answer(line)));
      }
    }
  }

  private static ObjectNode answer(String line) {
    ObjectNode answer = JSON.createObjectNode();
    long begun = System.nanoTime();
    try {
      JsonNode request = JSON.readTree(line);
      Path path = Path.of(request.path("path").asText());
      String version = request.path("version").asText("2.2.0");
      answer.put("path", path.toString()).put("version", version);
      ByteArrayOutputStream report = new ByteArrayOutputStream();
      answer.put("valid", new EARKSIPValidator(new ValidationReportOutputJson(path, report), version).validate(version));
      read(JSON.readTree(report.toByteArray()).path("validation"), answer);
      answer.putNull("error");
    } catch (Exception | LinkageError | StackOverflowError problem) { // it throws on some METS files
      answer.putNull("valid").put("error", problem.toString());
    }
    return answer.put("ms", (System.nanoTime() - begun) / 1_000_000);
  }

  private static void read(JsonNode rules, ObjectNode answer) {
    ArrayNode findings = answer.putArray("findings");
    ArrayNode skipped = answer.putArray("skipped");
    int passed = 0;
    for (JsonNode rule : rules) {
      String code = rule.path("id").asText();
      JsonNode testing = rule.path("testing");
      switch (testing.path("outcome").asText()) {
        case "SKIPPED" -> skipped.add(code);
        case "FAILED" -> {
          ArrayNode messages = findings.addObject().put("code", code).put("severity", severity(rule)).putArray("messages");
          for (String kind : List.of("issues", "warnings", "notes")) {
            testing.path(kind).forEach(messages::add);
          }
        }
        default -> passed++;
      }
    }
    answer.put("passed", passed);
  }

  private static String severity(JsonNode rule) {
    String level = rule.path("level").asText();
    return level.startsWith("MAY") ? "INFO" : level.startsWith("SHOULD") ? "WARNING" : "ERROR";
  }
}
