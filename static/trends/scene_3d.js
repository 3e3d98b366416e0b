// Points in a box with three axes, which JSROOT draws with WebGL; it is loaded when the first such chart is shown.
"use strict";
dqm.trends.scene3d = (() => {
  const LETTERS = ["x", "y", "z"];
  const POINT_SIZE = 8;
  const MARK_SIZE = 18;
  const FIRST_VIEW = { around: -2.1, down: 1.15 }; // angles of the camera, rad: from the x axis, and from the z axis
  const STEEPEST = 0.02;
  const DISTANCE = 8; // of the camera, in half heights of the box
  const ROOM = 1.0; // for the labels of the axes
  /** What JSROOT would do with menus, keys and tooltips needs inline styles, or is done by this page. */
  const OFF = ["ContextMenu", "ToolBar", "Tooltip", "Zooming", "HandleKeys", "MoveResize", "DragAndDrop", "ProgressBox"];
  const MARGINS = ["Left", "Right", "Top", "Bottom"];

  let library = null;
  let isWebGl = null; // null: not yet tried

  function load(address) {
    library ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = address;
      script.onload = () => {
        for (const name of OFF) JSROOT.settings[name] = false;
        for (const name of MARGINS) JSROOT.gStyle[`fPad${name}Margin`] = 0;
        Object.assign(JSROOT.gStyle, { fOptStat: 0, fOrthoCamera: true });
        resolve();
      };
      script.onerror = () => {
        library = null;
        reject(new Error("The library for three dimensions cannot be loaded"));
      };
      document.head.append(script);
    });
    return library;
  }

  /** Whether this browser can draw in three dimensions. */
  function isPossible() {
    if (isWebGl === null) {
      const context = document.createElement("canvas").getContext("webgl2");
      isWebGl = Boolean(context);
      context?.getExtension("WEBGL_lose_context")?.loseContext(); // browsers allow few at a time
    }
    return isWebGl;
  }

  /** An empty histogram with the axes of the box. ranges: [min, max] of each. */
  function frame(ranges) {
    const histogram = JSROOT.createHistogram("TH3I", 1, 1, 1);
    histogram.fTitle = "";
    for (const [number, fTitle] of LETTERS.entries()) {
      const [fXmin, fXmax] = ranges[number];
      const look = { fTitle, fLabelSize: 0.09, fTitleSize: 0.12, fTitleOffset: 1.6, fNdivisions: 404 };
      Object.assign(histogram[`f${fTitle.toUpperCase()}axis`], { fXmin, fXmax }, look);
    }
    return histogram;
  }

  /** A disc or ring as the picture of a point. */
  function sprite(isHollow) {
    const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
    const context = canvas.getContext("2d");
    context.fillStyle = context.strokeStyle = "#fff";
    context.lineWidth = 12;
    context.arc(32, 32, isHollow ? 24 : 30, 0, 2 * Math.PI);
    if (isHollow) context.stroke();
    else context.fill();
    return new JSROOT.THREE.CanvasTexture(canvas);
  }

  class Scene {
    /** Draw the box. values: of each axis for each row; ranges: [min, max] of each axis. */
    static async create(box, values, ranges) {
      const flat = Math.round((100 * box.clientHeight) / box.clientWidth); // as wide as high, whatever the shape of the chart
      const painter = await JSROOT.TH3Painter.draw(box, frame(ranges), `SCAT X3DSC${flat} Y3DSC${flat}`);
      return new Scene(box, painter.getFramePainter(), values);
    }

    constructor(box, painter, values) {
      Object.assign(this, { box, painter, values, meshes: [], plane: null });
      const { control, renderer } = painter;
      Object.assign(control, { enableZoom: false, enablePan: false, contextMenu: () => {}, mainProcessMouseMove: () => {} });
      box.querySelector(".canvas_fillrect").style.fill = "none"; // the ground is that of the page
      renderer.domElement.style.touchAction = "pan-y";
      renderer.localClippingEnabled = true;
      renderer.setPixelRatio(devicePixelRatio);
      this.marked = this.addPoints([0], MARK_SIZE, true);
      this.marked.material.depthTest = false;
      this.fit();
      this.look(FIRST_VIEW);
      control.saveState();
    }

    /** Let the camera turn around the middle of the box, and see all of it from every side. */
    fit() {
      const { camera, control, size_x3d: x, size_y3d: y, size_z3d: z } = this.painter;
      control.target.set(0, 0, z);
      const half = ROOM * Math.hypot(x, y, z);
      const { clientWidth, clientHeight } = this.box;
      const [across, up] = [Math.max(1, clientWidth / clientHeight) * half, Math.max(1, clientHeight / clientWidth) * half];
      Object.assign(camera, { left: -across, right: across, top: up, bottom: -up });
    }

    get canvas() {
      return this.painter.renderer.domElement;
    }

    place(row) {
      const { grx, gry, grz } = this.painter;
      return [grx(this.values[0][row]), gry(this.values[1][row]), grz(this.values[2][row])];
    }

    addPoints(rows, size, isHollow) {
      const { BufferAttribute, BufferGeometry, Points, PointsMaterial } = JSROOT.THREE;
      const geometry = new BufferGeometry();
      geometry.setAttribute("position", new BufferAttribute(new Float32Array(rows.flatMap((row) => this.place(row))), 3));
      geometry.setAttribute("color", new BufferAttribute(new Float32Array(3 * rows.length), 3));
      const look = { size, sizeAttenuation: false, vertexColors: true, map: sprite(isHollow), alphaTest: 0.5 };
      const mesh = new Points(geometry, new PointsMaterial(look));
      Object.assign(mesh, { rows });
      this.painter.add3DMesh(mesh);
      return mesh;
    }

    /** Add the points of rows; isHollow: of a row. */
    setPoints(rows, isHollow) {
      this.meshes = [false, true].map((hollow) =>
        this.addPoints(
          rows.filter((row) => Boolean(isHollow(row)) === hollow),
          POINT_SIZE,
          hollow,
        ),
      );
    }

    /** Add the plane z = x_slope x + y_slope y + intercept within the box. */
    setPlane({ x_slope: xSlope, y_slope: ySlope, intercept }, [across, up, [low, high]]) {
      const { BufferAttribute, BufferGeometry, DoubleSide, Mesh, MeshBasicMaterial, Plane, Vector3 } = JSROOT.THREE;
      const { grx, gry, grz } = this.painter;
      const corner = (x, y) => [grx(x), gry(y), grz(xSlope * x + ySlope * y + intercept)];
      const [a, b, c, d] = [corner(across[0], up[0]), corner(across[1], up[0]), corner(across[1], up[1]), corner(across[0], up[1])];
      const geometry = new BufferGeometry();
      geometry.setAttribute("position", new BufferAttribute(new Float32Array([a, b, c, a, c, d].flat()), 3));
      const clippingPlanes = [new Plane(new Vector3(0, 0, 1), -grz(low)), new Plane(new Vector3(0, 0, -1), grz(high))];
      const look = { transparent: true, opacity: 0.25, side: DoubleSide, depthWrite: false, clippingPlanes };
      this.plane = new Mesh(geometry, new MeshBasicMaterial(look));
      this.painter.add3DMesh(this.plane);
    }

    /** Mark a row; null marks none. */
    mark(row) {
      this.marked.visible = row !== null;
      if (row !== null) {
        const { position } = this.marked.geometry.attributes;
        position.array.set(this.place(row));
        position.needsUpdate = true;
        this.marked.geometry.computeBoundingSphere();
      }
      this.render();
    }

    /** Draw in these colours; ofRow: the colour of a row. */
    paint({ ink, focus, link }, ofRow) {
      const { Color } = JSROOT.THREE;
      const own = [...this.meshes, this.plane, this.marked];
      this.painter.toplevel.traverse((object) => {
        if (!own.includes(object)) object.material?.color?.set(ink);
      });
      this.plane?.material.color.set(link ?? ink);
      for (const mesh of [...this.meshes, this.marked]) {
        const { color } = mesh.geometry.attributes;
        for (const [index, row] of mesh.rows.entries())
          new Color(mesh === this.marked ? focus : ofRow(row)).toArray(color.array, 3 * index);
        color.needsUpdate = true;
      }
      this.render();
    }

    render() {
      this.painter.render3D(0);
    }

    /** The row of the point below the pointer; null if there is none. */
    rowAt(event) {
      const { control } = this.painter;
      const found = control.getMouseIntersects(control.getMousePos(event, {})).filter(({ object }) => this.meshes.includes(object));
      const nearest = found.reduce((best, one) => (best && best.distanceToRay <= one.distanceToRay ? best : one), null);
      return nearest ? nearest.object.rows[nearest.index] : null;
    }

    /** The angles of the camera. */
    get angles() {
      const { camera, control } = this.painter;
      const { x, y, z } = camera.position.clone().sub(control.target);
      return { around: Math.atan2(y, x), down: Math.acos(z / Math.hypot(x, y, z)) };
    }

    look({ around, down }, zoom = this.painter.camera.zoom) {
      const { camera, control, size_z3d: size } = this.painter;
      const radius = DISTANCE * size;
      const angle = Math.min(Math.max(down, STEEPEST), Math.PI - STEEPEST);
      const flat = radius * Math.sin(angle);
      const offset = new JSROOT.THREE.Vector3(flat * Math.cos(around), flat * Math.sin(around), radius * Math.cos(angle));
      camera.position.copy(control.target).add(offset);
      camera.zoom = zoom;
      camera.updateProjectionMatrix();
      control.update();
      this.render();
    }

    /** Turn by angles, rad. */
    rotate(around, down) {
      const { angles } = this;
      this.look({ around: angles.around + around, down: angles.down + down });
    }

    zoomBy(factor) {
      this.look(this.angles, this.painter.camera.zoom * factor);
    }

    reset() {
      this.painter.control.reset();
    }

    destroy() {
      JSROOT.cleanup(this.box);
    }
  }

  return { LETTERS, load, isPossible, create: Scene.create };
})();
