import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.opensearch.Version;
import org.opensearch.analysis.common.CommonAnalysisModulePlugin;
import org.opensearch.common.logging.LogConfigurator;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.index.mapper.MapperExtrasModulePlugin;
import org.opensearch.index.reindex.ReindexModulePlugin;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.painless.PainlessModulePlugin;
import org.opensearch.plugins.Plugin;
import org.opensearch.plugins.PluginInfo;
import org.opensearch.transport.Netty4ModulePlugin;

/** An OpenSearch node with its modules from the class path. Usage: SearchNode HOME (with HOME/config/opensearch.yml). */
public final class SearchNode extends Node {
  private static final List<Class<? extends Plugin>> MODULES = List.of(
      Netty4ModulePlugin.class, CommonAnalysisModulePlugin.class, MapperExtrasModulePlugin.class,
      ReindexModulePlugin.class, PainlessModulePlugin.class);

  private SearchNode(Environment environment) {
    super(environment, MODULES.stream().map(SearchNode::described).toList(), false);
  }

  private static PluginInfo described(Class<? extends Plugin> module) {
    return new PluginInfo(module.getSimpleName(), "a module", "1", Version.CURRENT,
        System.getProperty("java.specification.version"), module.getName(), null, List.of(), false);
  }

  public static void main(String[] args) throws Exception {
    Path home = Path.of(args[0]);
    Settings settings = Settings.builder().put("path.home", home.toString()).build();
    Environment environment =
        InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), home.resolve("config"), () -> "samarkiv-1");
    LogConfigurator.registerErrorListener();
    LogConfigurator.configure(environment);
    CountDownLatch over = new CountDownLatch(1);
    SearchNode node = new SearchNode(environment);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      try {
        node.close();
      } catch (Exception problem) {
        problem.printStackTrace();
      }
      over.countDown();
    }));
    try {
      node.start();
    } catch (Throwable problem) {
      problem.printStackTrace();
      Runtime.getRuntime().halt(1);
    }
    over.await();
  }
}
