package samarkiv;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.File;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.logging.LogManager;
import org.verapdf.core.EncryptedPdfException;
import org.verapdf.core.ModelParsingException;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.VeraPDFFoundry;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

/**
 * A warm veraPDF. A line in:  {"path": "/a/file.pdf", "flavour": "2b"} (1a 1b 2a 2b 2u 3a 3b 3u 4 4e 4f ua1 ua2; without
 * it the file's own claim). A line out: {"path", "flavour", "compliant": true, false or null, "findings": [{"code",
 * "count", "message"}], "error", "ms"}. Null means not judged: no claim, encrypted, unreadable. Never take it for valid.
 */
public final class PdfJudge {
  private static final ObjectMapper JSON = new ObjectMapper();

  private PdfJudge() { }

  public static void main(String[] args) throws Exception {
    PrintStream answers = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    System.setOut(System.err); // the library prints; our lines stay clean
    LogManager.getLogManager().reset();
    VeraGreenfieldFoundryProvider.initialise();
    VeraPDFFoundry foundry = Foundries.defaultInstance();
    BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = requests.readLine(); line != null; line = requests.readLine()) {
      if (!line.isBlank()) {
        answers.println(JSON.writeValueAsString(answer(foundry, line)));
      }
    }
  }

  private static ObjectNode answer(VeraPDFFoundry foundry, String line) {
    ObjectNode answer = JSON.createObjectNode();
    long begun = System.nanoTime();
    String error;
    try {
      error = judge(foundry, JSON.readTree(line), answer);
    } catch (EncryptedPdfException problem) {
      error = "encrypted";
    } catch (ModelParsingException problem) {
      error = "unreadable";
    } catch (Exception | StackOverflowError problem) {
      error = problem.toString();
    }
    if (error != null) {
      answer.putNull("compliant");
    }
    return answer.put("error", error).put("ms", (System.nanoTime() - begun) / 1_000_000);
  }

  /** Gives back why nothing was judged, or null. */
  private static String judge(VeraPDFFoundry foundry, JsonNode request, ObjectNode answer) throws Exception {
    File file = new File(request.path("path").asText());
    answer.put("path", file.getPath()).putNull("flavour").putNull("compliant");
    if (!file.isFile()) {
      return "no such file";
    }
    PDFAFlavour flavour = null;
    if (request.hasNonNull("flavour")) {
      flavour = PDFAFlavour.byFlavourId(request.path("flavour").asText());
      if (flavour == PDFAFlavour.NO_FLAVOUR) {
        return "unknown flavour";
      }
    }
    try (PDFAParser parser = flavour == null ? foundry.createParser(file) : foundry.createParser(file, flavour)) {
      if (flavour == null) {
        List<PDFAFlavour> claims = parser.getFlavours(); // getFlavour() throws on a file that claims nothing
        if (claims == null || claims.isEmpty() || claims.get(0) == PDFAFlavour.NO_FLAVOUR) {
          return "no claim";
        }
        flavour = claims.get(0);
      }
      answer.put("flavour", flavour.getId());
      try (PDFAValidator validator = foundry.createValidator(flavour, 1, false, true, false)) {
        tell(validator.validate(parser), answer);
      }
    }
    return null;
  }

  private static void tell(ValidationResult result, ObjectNode answer) {
    answer.put("compliant", result.isCompliant()).putArray("findings");
    result.getFailedChecks().forEach((rule, count) -> {
      ObjectNode finding = answer.withArray("findings").addObject();
      finding.put("code", rule.getClause() + "-" + rule.getTestNumber()).put("count", count);
      for (TestAssertion assertion : result.getTestAssertions()) {
        if (assertion.getStatus() == TestAssertion.Status.FAILED && assertion.getRuleId().equals(rule)) {
          finding.put("message", assertion.getMessage());
          break;
        }
      }
    });
  }
}
